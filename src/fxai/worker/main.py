"""Main program of a worker process: trains trials until the channel to the parent closes."""

import faulthandler
import gc
import importlib
import io
import json
import logging
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, cast

from fxai.errors import InputError
from fxai.objectives.loader import load_lanes, training_modules
from fxai.process_tree import ProcessTrees
from fxai.protocol import Cause, LanePlan, Lanes, Slot, TrialError, TrialRequest, error_of, is_out_of_memory
from fxai.protocol.line_socket import LineSocket
from fxai.protocol.wire import from_line, to_line
from fxai.protocol.worker_messages import ParentMessage, WorkerMessage, WorkerStart, WorkerWelcome
from fxai.sigterm import ignore_sigterm
from fxai.worker.unplanned_lanes import open_lanes
from fxai.worker.worker_trials import WorkerTrials

TOGETHER_SECONDS = 0.1  # an idle worker waits so long for each further trial, so that the trials start together
WAIT_SHARE = 0.05  # share of the training time that the worker may spend waiting for the parent
MOST_WAIT_SECONDS = 0.5


class WorkerMain:
    """Trains the trials that the parent sends over `channel`, and tells the supervisor over `control` the log to write.

    After a message with reports or results the worker waits for the parent's answers, so that the trials of a pack
    stay at the same update. The time to wait is a share of the training time and accumulates up to a limit. A worker
    therefore loses at most that share of its time when the parent has no more trials.
    """

    def __init__(self, channel: LineSocket, control: LineSocket) -> None:
        self._channel = channel
        self._control = control
        os.register_at_fork(after_in_child=self._close_sockets)
        start = from_line(WorkerStart, channel.receive() or b"")
        welcome = self._welcome(start)
        sys.path[:] = welcome.sys_path
        self._process_trees = ProcessTrees()
        if welcome.plan is not None:
            self._import_objective(welcome.plan)
        lanes = self._open_lanes(welcome.plan, start.slot)
        self._trials = WorkerTrials(lanes, self._write_output_to)
        self._seeds_per_trial = 1 if welcome.plan is None else welcome.plan.seeds_per_trial
        self._admitted = 0
        self._wait_budget = 0.0  # seconds
        self._sent_width = self._trials.width
        gc.freeze()  # a collection after each trial then skips the modules; with torch's modules it takes 0.2 s
        gc.enable()

    def _welcome(self, start: WorkerStart) -> WorkerWelcome:
        """Receive the welcome, and import what trains the trials until it comes."""
        line = None
        for module in training_modules(start.objective, start.slot.device):
            if (line := self._channel.receive(0.0)) is not None:
                break
            importlib.import_module(module)
        return from_line(WorkerWelcome, line or self._channel.receive() or b"")

    def _open_lanes(self, plan: LanePlan | None, slot: Slot) -> Lanes:
        """Open the lanes. If the study's input is wrong, tell the parent and exit, since it is so in every worker."""
        try:
            return open_lanes(plan, slot, self._process_trees)
        except InputError as error:
            self._refuse(TrialError(Cause.EXCEPTION, str(error)))

    def _refuse(self, error: TrialError) -> NoReturn:
        """Tell the parent why this worker trains nothing, and exit."""
        self._write_output_to(None)
        self._channel.send(to_line(WorkerMessage(os.getpid(), 0, failure=error)))
        sys.exit(1)

    def _import_objective(self, plan: LanePlan) -> None:
        """Import the user's code. If the import fails, tell the parent and exit, since it fails in every worker."""
        if ":" not in plan.objective:
            return
        try:
            load_lanes(plan.objective, self._process_trees, plan.folder)
        except (Exception, SystemExit) as error:  # the user's module may raise anything
            if is_out_of_memory(error):
                raise
            traceback.print_exc()
            known = TrialError(Cause.EXCEPTION, str(error)) if isinstance(error, InputError) else error_of(error)
            self._refuse(known)

    def _close_sockets(self) -> None:
        """Close the sockets to parent and supervisor in a forked process, which must not keep them open."""
        self._channel.close()
        self._control.close()

    def serve(self) -> None:
        self._channel.send(to_line(WorkerMessage(os.getpid(), self._trials.width)))
        while True:
            if self._trials.busy:
                self._take(0.0)
            else:
                self._take_when_idle()
            if self._trials.busy:
                self._advance()

    def _take_when_idle(self) -> None:
        starting = not self._trials.numbers
        self._take(None)
        while starting and self._trials.has_room_for(self._seeds_per_trial) and self._take(TOGETHER_SECONDS):
            pass

    def _take(self, seconds: float | None) -> Sequence[ParentMessage]:
        """Receive and handle all messages of the parent that are available.

        Waits up to `seconds` for the first message, without a limit if None. Returns the messages.
        """
        messages: list[ParentMessage] = []
        line = self._channel.receive(seconds)
        while line is not None:
            message = from_line(ParentMessage, line)
            if message.answer is not None:
                self._trials.decide(message.answer.number, message.answer.decision)
            messages.append(message)
            line = self._channel.receive(0.0)
        self._admit([message.request for message in messages if message.request is not None])
        return messages

    def _admit(self, requests: Sequence[TrialRequest]) -> None:
        if requests:
            self._admitted += len(requests)
            started = tuple(request.number for request in requests)
            self._channel.send(to_line(WorkerMessage(os.getpid(), self._trials.width, started=started)))
        for request in requests:
            self._trials.admit(request)

    def _advance(self) -> None:
        """Train one update and send its reports and results."""
        began = time.monotonic()
        message = self._trials.advance()
        earned = WAIT_SHARE * (time.monotonic() - began)
        self._wait_budget = min(self._wait_budget + earned, MOST_WAIT_SECONDS)
        if message.results:
            gc.collect()
        if not message.empty or message.width != self._sent_width:
            self._sent_width = message.width
            self._channel.send(to_line(replace(message, resident_bytes=resident_bytes())))
        if message.failure is not None:
            sys.stderr.write(message.failure.traceback)
            sys.exit(1)
        self._wait_for_the_parent(message)

    def _wait_for_the_parent(self, message: WorkerMessage) -> None:
        waiting = {report.number for report in message.reports}
        admitted = self._admitted + len(message.results)
        until = time.monotonic() + self._wait_budget
        while waiting or self._admitted < admitted:
            left = until - time.monotonic()
            received = self._take(left) if left > 0 else ()
            if not received:
                break
            waiting -= {each.answer.number for each in received if each.answer is not None}
        self._wait_budget = max(0.0, until - time.monotonic())

    def _write_output_to(self, log: Path | None) -> None:
        """Tell the supervisor the log for further output. Waits until all earlier output is in the last log."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._control.send(json.dumps(None if log is None else str(log)).encode() + b"\n")
        self._control.receive()


def resident_bytes() -> int:
    """Resident memory of this process in bytes: the current memory on Linux, the peak elsewhere."""
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
    ignore_sigterm(control.socket)
    gc.disable()  # until the modules are loaded, which then takes a fifth less time
    WorkerMain(channel, control).serve()


if __name__ == "__main__":
    main()
