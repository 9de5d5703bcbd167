"""The worker's own interpreter: started by its supervisor, it serves trials until its channel closes."""

import faulthandler
import gc
import io
import json
import logging
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import cast

from fxai.errors import InputError
from fxai.objectives.loader import load_lanes
from fxai.process_tree import ProcessTrees
from fxai.protocol import Cause, LanePlan, TrialError, TrialRequest, error_of, is_out_of_memory
from fxai.protocol.line_socket import LineSocket
from fxai.protocol.wire import from_line, to_line
from fxai.protocol.worker_messages import ParentMessage, WorkerMessage, WorkerWelcome
from fxai.worker.unplanned_lanes import open_lanes
from fxai.worker.worker_trials import LanesStep, WorkerTrials

TOGETHER_SECONDS = 0.1  # that an idle worker waits for each further trial, so that a pack starts in step
PATIENCE_SHARE = 0.05  # of the training time, to be spent on waiting for the parent
MOST_PATIENCE_SECONDS = 0.5


class WorkerMain:
    """Serves one parent over `channel`; its supervisor learns over `control` where the output belongs.

    After a line that asks for decisions or has ended trials it waits for the parent while it may, so that
    the trials of a pack stay in step: what training time allows for is saved up, to a limit, and a parent
    that has no more trials costs no more than that.
    """

    def __init__(self, channel: LineSocket, control: LineSocket) -> None:
        self._channel = channel
        self._control = control
        os.register_at_fork(after_in_child=self._leave_to_the_worker)
        welcome = from_line(WorkerWelcome, channel.receive() or b"")
        sys.path[:] = welcome.sys_path
        self._process_trees = ProcessTrees()
        if welcome.plan is not None:
            self._import_objective(welcome.plan)
        lanes = open_lanes(welcome.plan, welcome.slot, self._process_trees)
        self._trials = WorkerTrials(lanes, self._write_output_to)
        self._seeds_per_trial = 1 if welcome.plan is None else welcome.plan.seeds_per_trial
        self._admitted = 0
        self._patience = 0.0
        self._told_width = 0
        gc.freeze()  # the modules stay: going through torch's after each trial would take 0.2 s

    def _import_objective(self, plan: LanePlan) -> None:
        """Import code of the user's own; where that fails, tell the parent and exit: every worker would fail so."""
        if ":" not in plan.objective:
            return
        try:
            load_lanes(plan.objective, self._process_trees, plan.folder)
        except (Exception, SystemExit) as error:  # the module is the user's, and may raise anything
            if is_out_of_memory(error):
                raise
            traceback.print_exc()
            self._write_output_to(None)
            known = TrialError(Cause.EXCEPTION, str(error)) if isinstance(error, InputError) else error_of(error)
            self._channel.send(to_line(WorkerMessage(os.getpid(), 0, failure=known)))
            sys.exit(1)

    def _leave_to_the_worker(self) -> None:
        """What forks off must not keep the lines to parent and supervisor open."""
        self._channel.close()
        self._control.close()

    def serve(self) -> None:
        self._say()
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

    def _take(self, seconds: float | None) -> bool:
        """Take the parent's next line and those that came with it; False when none came in so many seconds."""
        requests: list[TrialRequest] = []
        line = first = self._channel.receive(seconds)
        while line is not None:
            order = from_line(ParentMessage, line)
            if order.request is not None:
                requests.append(order.request)
            if order.answer is not None:
                self._trials.decide(order.answer.number, order.answer.decision)
            line = self._channel.receive(0.0)
        if requests:
            self._admit(requests)
        return first is not None

    def _admit(self, requests: list[TrialRequest]) -> None:
        self._admitted += len(requests)
        self._send(WorkerMessage(os.getpid(), self._trials.width, started=tuple(each.number for each in requests)))
        for request in requests:
            progress = self._trials.admit(request)
            if progress.results:
                self._say(progress)

    def _advance(self) -> None:
        began = time.monotonic()
        progress = self._trials.advance()
        earned = PATIENCE_SHARE * (time.monotonic() - began)
        self._patience = min(self._patience + earned, MOST_PATIENCE_SECONDS)
        if progress != LanesStep() or self._trials.width != self._told_width:
            self._say(progress)
        if progress.failure is not None:
            sys.stderr.write(progress.failure.traceback)
            sys.exit(1)
        self._wait_for_the_parent(progress)

    def _wait_for_the_parent(self, progress: LanesStep) -> None:
        asked = {report.number for report in progress.reports}
        admitted = self._admitted + len(progress.results)
        until = time.monotonic() + self._patience
        while asked & self._trials.unanswered or self._admitted < admitted:
            left = until - time.monotonic()
            if left <= 0 or not self._take(left):
                break
        self._patience = max(0.0, until - time.monotonic())

    def _say(self, progress: LanesStep = LanesStep()) -> None:  # noqa: B008  # it is frozen
        if progress.results:
            gc.collect()
        self._send(
            WorkerMessage(
                os.getpid(),
                self._trials.width,
                reports=progress.reports,
                results=progress.results,
                resident_bytes=resident_bytes(),
                fit=progress.fit,
                failure=progress.failure,
            )
        )

    def _send(self, line: WorkerMessage) -> None:
        self._told_width = line.width
        self._channel.send(to_line(line))

    def _write_output_to(self, log: Path | None) -> None:
        """Wait until the supervisor has put all earlier output into the last log."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._control.send(json.dumps(None if log is None else str(log)).encode() + b"\n")
        self._control.receive()


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
    WorkerMain(channel, control).serve()


if __name__ == "__main__":
    main()
