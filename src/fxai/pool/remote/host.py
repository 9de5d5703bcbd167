"""The workers of one host: starts them, passes trials and answers to them, and collects what they do.

It runs on the machine of the workers. It knows the messages, not what carries them.
"""

import contextlib
import os
import selectors
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Self

from fxai.errors import FxaiError, InputError
from fxai.pool.contract import TrialStarted, WorkerEvent, WorkerLost
from fxai.pool.remote.file_sender import FileSender
from fxai.pool.remote.host_files import HostFiles, Leaving
from fxai.pool.remote.messages import (
    PROTOCOL,
    EndHost,
    FilePart,
    FolderProbe,
    FromHost,
    HostEvent,
    HostEvents,
    HostFailure,
    HostHello,
    HostLeaving,
    HostReady,
    HostRefusal,
    HostWelcome,
    PartsReceived,
    SubmitTrial,
    ToHost,
    TrialsGivenBack,
)
from fxai.pool.remote.versions import own_versions
from fxai.pool.running_trials import RunningTrial
from fxai.pool.worker_slot import WorkerSlot
from fxai.protocol import Decision, Report, Slot, TrialResult
from fxai.protocol.worker_messages import DecisionMessage


class HostEnd(Enum):
    """Why a host has ended."""

    BY_PARENT = auto()  # the study is over, or needs the host no more
    REFUSED = auto()  # the parent does not use it, for example because of its versions
    FAILED = auto()  # its workers do not start
    PARENT_LOST = auto()  # the connection to the parent broke
    LEFT = auto()  # it was stopped on its machine


@dataclass(frozen=True, slots=True)
class HostEnding:
    """The end of a host, with a message for its user."""

    end: HostEnd
    message: str


class WorkerHost:
    """Feed it with the parent's messages by `receive`, and send the parent what `messages` returns.

    The first message is the host's hello. After `ending` is set and the last messages are sent, close it.
    """

    def __init__(
        self,
        name: str,
        slots: Sequence[Slot],
        folder: Path,
        *,
        versions: Mapping[str, str] | None = None,
        own_folder: bool = False,
    ) -> None:
        """Make a host whose workers start once the parent has welcomed it.

        Args:
            name: Of the machine, for messages to the user.
            slots: Of its workers.
            folder: For logs and trials if the study's folder cannot be reached from here.
            versions: Further programs whose versions have to be the same as the parent's.
            own_folder: Use `folder` also if the study's folder can be reached.
        """
        self.ending: HostEnding | None = None
        self._leaving = False
        self._name = name
        self._slots = tuple(slots)
        self._folder = folder.absolute()
        self._own_folder = own_folder
        self._selector = selectors.DefaultSelector()
        self._workers: dict[int, WorkerSlot] = {}
        self._known: dict[int, HostEvents] = {}  # what the parent knows of each worker
        self._running: dict[int, int] = {}  # the worker of each trial that has not ended
        self._files: HostFiles | None = None  # if the study's folder cannot be reached
        self._unsent: list[FromHost] = [
            HostHello(name, os.getpid(), PROTOCOL, {**own_versions(), **(versions or {})}, self._slots)
        ]
        self._sender = FileSender[FromHost](self._unsent.append)

    def fileno(self) -> int:
        """A descriptor that is readable when `messages` may have some, for the selector of the transport."""
        return self._selector.fileno()  # epoll and kqueue have one

    def deadline(self) -> float | None:
        """Time at which `messages` has to be called at the latest, as `time.monotonic`. None if there is none."""
        return min((at for worker in self._workers.values() if (at := worker.deadline()) is not None), default=None)

    def receive(self, message: ToHost) -> None:
        """Handle a message of the parent. Messages about workers that the host does not have are ignored."""
        match message:
            case HostWelcome() if not self._workers and self.ending is None:
                self._begin(message)
            case SubmitTrial(worker, request) if worker in self._workers and self._leaving:
                self._unsent.append(TrialsGivenBack(worker, (request.number,)))
            case SubmitTrial(worker, request) if worker in self._workers:
                self._running[request.number] = worker
                own = request if self._files is None else self._files.begin(request, worker)
                self._workers[worker].submit(RunningTrial(own))
            case DecisionMessage(number, decision) if number in self._running:
                stops = self._leaving and decision is Decision.CONTINUE
                self._workers[self._running[number]].answer(number, Decision.STOP if stops else decision)
            case FilePart() if self._files is not None:
                self._unsent.append(PartsReceived(1))
                self._files.receive(message)
            case PartsReceived(count):
                self._sender.confirmed(count)
            case HostRefusal(text):
                self.ending = HostEnding(HostEnd.REFUSED, text)
            case EndHost(text):
                self.ending = HostEnding(HostEnd.BY_PARENT, text)
            case _:
                pass

    def messages(self, timeout: float = 0.0) -> Sequence[FromHost]:
        """The messages for the parent since the last call. Waits up to `timeout` seconds for the first one."""
        until = time.monotonic() + timeout
        while self.ending is None:
            try:
                self._advance(0.0 if self._unsent else until - time.monotonic())
            except FxaiError as error:
                self._fail(error)
            if self._leaving and not self._running and all(map(self._sender.is_idle, self._workers)):
                self.leave()
            if self._unsent or time.monotonic() >= until:
                break
        unsent = tuple(self._unsent)
        self._unsent.clear()
        return unsent

    def leave(self) -> None:
        """Let the parent know that this host ends. The trials go on elsewhere and have no attempt less."""
        if self.ending is None:
            self.ending = HostEnding(HostEnd.LEFT, "The host was stopped; its trials continue on other hosts.")
            self._unsent.append(HostLeaving())

    def leave_when_saved(self) -> None:
        """Take no further trials, have the running ones saved at their next reports, then leave. Of any thread."""
        self._leaving = True

    def close(self) -> None:
        """End the workers and wait until their processes have ended. A second call does nothing."""
        for worker in self._workers.values():
            worker.end()
        for worker in self._workers.values():
            worker.wait()
        self._workers = {}
        self._sender.close()
        if self._files is not None:
            self._files.close()
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, welcome: HostWelcome) -> None:
        """Start the workers."""
        sys.path.extend(path for path in welcome.sys_path if path not in sys.path and Path(path).is_dir())
        shared = not self._own_folder and reads_probe(welcome.probe)
        self._files = None if shared else HostFiles(self._folder, welcome.logs)
        logs = welcome.logs if self._files is None else self._files.logs
        for index, slot in enumerate(self._slots, start=welcome.first_worker):
            self._workers[index] = WorkerSlot(
                replace(slot, index=index),
                welcome.limits,
                logs / f"worker-{index}.log",
                welcome.plan,
                self._selector,
                host=self._name,
            )
            self._known[index] = HostEvents(index)
        self._unsent.append(HostReady(shared))

    def _advance(self, seconds: float) -> None:
        """Wait for the workers, at most this long, and collect what they have sent."""
        for index, worker in self._workers.items():
            self._collect(index, list(worker.keep_time()))
        deadline = self.deadline()
        left = seconds if deadline is None else min(seconds, deadline - time.monotonic())
        for key, _ in self._selector.select(0.0 if self._unsent else max(left, 0.0)):
            worker = key.data
            self._collect(worker.slot.index, list(worker.events()))
        for index in self._workers:
            self._give_back(index)
            self._collect(index, [])
        if self._files is not None:
            self._files.clear({index: self._sender.is_idle(index) for index in self._workers})

    def _collect(self, index: int, events: Sequence[WorkerEvent]) -> None:
        """Send the events of a worker and its lanes, if there are events or the lanes have changed."""
        passed: list[HostEvent] = []
        for event in events:
            match event:
                case TrialResult(number):
                    self._running.pop(number, None)
                case WorkerLost(trials=numbers):
                    for number in numbers:
                        self._running.pop(number, None)
            if isinstance(event, TrialStarted | Report | TrialResult | WorkerLost):
                passed.append(event)
        capacity = self._workers[index].capacity
        occupied = tuple(request.number for request in capacity.requests if request.number not in self._running)
        is_open = capacity.open and not self._leaving
        state = HostEvents(index, (), capacity.width, is_open, occupied)
        if passed or state != self._known[index]:
            self._known[index] = state
            leaving = Leaving((), (), passed) if self._files is None else self._files.leaving(index, passed)
            message = replace(state, events=tuple(leaving.events))
            self._sender.add(index, leaving.files, [*leaving.removed, message])

    def _give_back(self, index: int) -> None:
        """Send the trials for which the worker has no room."""
        numbers = tuple(trial.number for trial in self._workers[index].take_surplus())
        for number in numbers:
            del self._running[number]
        if numbers:
            self._sender.add(index, [], [TrialsGivenBack(index, numbers)])
            if self._files is not None:
                self._files.give_back(numbers)

    def _fail(self, error: FxaiError) -> None:
        self.ending = HostEnding(HostEnd.FAILED, str(error))
        self._unsent.append(HostFailure(str(error), isinstance(error, InputError)))


def reads_probe(probe: FolderProbe) -> bool:
    """Whether this process reads the parent's file and may write into its folder."""
    with contextlib.suppress(OSError, ValueError):
        return probe.file.read_text() == probe.content and os.access(probe.file.parent, os.W_OK)
    return False
