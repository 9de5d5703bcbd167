"""The worker's own interpreter: started by its keeper, it serves trials until its channel closes."""

import faulthandler
import gc
import io
import json
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import cast

from fxai.trial import Report, Slot, TrialPaths, TrialRequest, TrialResult
from fxai.trial.wire import from_line, to_line
from fxai.workers.messages import Answer, Welcome, WorkerLine
from fxai.workers.objective_loader import load_objective
from fxai.workers.running_trial import RunningTrial, spoils_the_process


class LineSocket:
    """A socket that speaks in lines."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # the trial's own children must not hold it open
        self._socket = socket.socket(fileno=descriptor)
        self._lines = self._socket.makefile("rb")

    def send(self, line: bytes) -> None:
        self._socket.sendall(line)

    def receive(self) -> bytes:
        """The next line; where the other side is gone, this process ends."""
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            sys.exit()
        return line


class Child:
    """Serves one parent over `channel`; its keeper learns over `control` where the output belongs."""

    def __init__(self, channel: LineSocket, control: LineSocket) -> None:
        self._channel = channel
        self._control = control

    def serve(self) -> None:
        welcome = from_line(Welcome, self._channel.receive())
        sys.path[:] = welcome.sys_path
        for name in welcome.preload:
            load_objective(name)
        gc.freeze()  # the modules stay: going through torch's after each trial would take 0.2 s
        self._send(WorkerLine(os.getpid()))
        while True:
            self._run_trial(from_line(TrialRequest, self._channel.receive()), welcome.slot)

    def _run_trial(self, request: TrialRequest, slot: Slot) -> None:
        self._write_output_to(TrialPaths(request.directory).log)
        self._send(WorkerLine(os.getpid()))
        trial = RunningTrial(request, slot)
        step = trial.advance()
        while isinstance(step, Report):
            self._send(WorkerLine(os.getpid(), report=step))
            step = trial.advance(from_line(Answer, self._channel.receive()).decision)
        del trial
        gc.collect()
        self._write_output_to(None)
        self._send_result(step)

    def _send_result(self, result: TrialResult) -> None:
        fit = not spoils_the_process(result.error)
        self._send(WorkerLine(os.getpid(), result=result, resident_bytes=resident_bytes(), fit=fit))

    def _write_output_to(self, log: Path | None) -> None:
        """Wait until the keeper has put all earlier output into the last log."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._control.send(json.dumps(None if log is None else str(log)).encode() + b"\n")
        self._control.receive()

    def _send(self, line: WorkerLine) -> None:
        self._channel.send(to_line(line))


def resident_bytes() -> int:
    """Memory of this process in RAM, now on Linux, at its peak elsewhere."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


def main() -> None:
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    for stream in (sys.stdout, sys.stderr):
        cast("io.TextIOWrapper", stream).reconfigure(line_buffering=True, errors="backslashreplace")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    channel, control = (LineSocket(int(descriptor)) for descriptor in sys.argv[1:])
    Child(channel, control).serve()


if __name__ == "__main__":
    main()
