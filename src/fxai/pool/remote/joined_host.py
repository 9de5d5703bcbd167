"""A host as the parent knows it: its link, its workers, and the trials that they have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fxai.pool.contract import Activity, TrialStarted, WorkerEvent, WorkerLost
from fxai.pool.dispatcher import WorkerCapacity
from fxai.pool.remote.link import HostLink
from fxai.pool.remote.messages import (
    FilePart,
    FileRemoved,
    HostEvent,
    HostEvents,
    HostHello,
    PartsReceived,
    SubmitTrial,
)
from fxai.pool.remote.parent_files import ParentFiles
from fxai.pool.running_trials import RunningTrial
from fxai.pool.worker_lost import describe_lost_host
from fxai.protocol import Decision, Report, Slot, TrialRequest, TrialResult, TrialState
from fxai.protocol.worker_messages import DecisionMessage


@dataclass(slots=True, eq=False)
class HostWorker:
    """A worker of a host."""

    index: int  # in the study
    slot: Slot
    trials: dict[int, RunningTrial] = field(default_factory=dict)
    ended: dict[int, TrialRequest] = field(default_factory=dict)  # requests of ended trials that still take up lanes
    width: int | None = None
    open: bool = True

    @property
    def capacity(self) -> WorkerCapacity:
        requests = (*self.ended.values(), *(trial.request for trial in self.trials.values()))
        return WorkerCapacity(requests, self.width, self.open)

    def events(self, message: HostEvents) -> Iterator[HostEvent]:
        """The message's events, as far as they are about trials that the worker has."""
        for event in message.events:
            yield from self._event(event)
        self.width, self.open = message.width, message.open
        self.ended = {number: self.ended[number] for number in message.occupied if number in self.ended}

    def _event(self, event: HostEvent) -> Iterator[HostEvent]:
        if isinstance(event, WorkerLost):
            lost = tuple(number for number in event.trials if self.trials.pop(number, None) is not None)
            yield WorkerLost(self.index, event.cause, event.message, lost)
            return
        trial = self.trials.get(event.number)
        if trial is None:
            return
        match event:
            case TrialStarted(number):
                trial.begin(self.index)
                yield TrialStarted(number, self.index)
            case Report():
                trial.reported(event)
                yield event
            case TrialResult(number):
                self.ended[number] = self.trials.pop(number).request
                yield event


class JoinedHost:
    """A host whose link has come. It has workers once it has sent its hello, and takes trials once it is ready."""

    def __init__(self, link: HostLink) -> None:
        self.link = link
        self.name = link.name
        self.workers: dict[int, HostWorker] = {}  # by their index in the study
        self.ready = False
        self._files: ParentFiles | None = None  # if the host does not reach the study's folder

    def welcomed(self, hello: HostHello, name: str, first_worker: int) -> None:
        """Note the host's name and workers."""
        self.name = name
        slots = enumerate(hello.slots, start=first_worker)
        self.workers = {index: HostWorker(index, slot) for index, slot in slots}

    def start(self, *, shared: bool, logs: Path) -> None:
        """Note that the host takes trials, and whether it uses the study's folder directly. `logs` is of workers."""
        self.ready = True
        self._files = None if shared else ParentFiles(logs, self.link.send)

    def submit(self, worker: HostWorker, trial: RunningTrial) -> None:
        """Give a trial to a worker.

        Raises:
            FxaiError: The trial's folder has files of another trial, and they cannot be renamed.
        """
        message = SubmitTrial(worker.index, trial.request)
        if self._files is None:
            self.link.send(message)
        else:
            self._files.submit(message)
        worker.trials[trial.number] = trial

    def receive_file(self, message: FilePart | FileRemoved | PartsReceived) -> None:
        """Handle a message about files. What is not about the host's trials is ignored."""
        if self._files is None:
            return
        match message:
            case PartsReceived(count):
                self._files.confirmed(count)
            case FilePart(trial):
                self._files.receive(message, None if trial is None else self._request_of(trial))
            case FileRemoved(trial):
                if (request := self._request_of(trial)) is not None:
                    self._files.remove(message, request)

    def answer(self, number: int, decision: Decision) -> None:
        """Answer a trial whose report waits. Other numbers are ignored."""
        for worker in self.workers.values():
            trial = worker.trials.get(number)
            if trial is not None and trial.waits:
                trial.answered(decision)
                self.link.send(DecisionMessage(number, decision))

    def events(self, message: HostEvents) -> Iterator[WorkerEvent]:
        worker = self.workers.get(message.worker)
        for event in () if worker is None else worker.events(message):
            yield event if self._files is None else self._files.passed_on(event)

    def given_back(self, worker: int, numbers: Sequence[int]) -> list[RunningTrial]:
        """Remove and return trials for which a worker has no room."""
        has = self.workers[worker].trials if worker in self.workers else {}
        return [has.pop(number) for number in numbers if number in has and has[number].began is None]

    def take_waiting(self) -> list[RunningTrial]:
        """Remove and return the trials that have not begun, since the host ends."""
        waiting: list[RunningTrial] = []
        for worker in self.workers.values():
            waiting += [trial for trial in worker.trials.values() if trial.began is None]
            worker.trials = {number: trial for number, trial in worker.trials.items() if trial.began is not None}
        return waiting

    def ended(self) -> None:
        """Note that the host sends and receives no more files."""
        if self._files is not None:
            self._files.close()

    def left(self) -> Iterator[TrialResult]:
        """The trials that had begun, as returned unfinished, since the host has left by itself."""
        for worker in self.workers.values():
            for number in worker.trials:
                yield TrialResult(number, TrialState.RETURNED, 0.0, flaw=f"its host {self.name} was stopped")

    def lost(self, reason: str) -> Iterator[WorkerLost]:
        """One event for each worker, with the trials that it had begun. `reason` is a clause about the host."""
        for worker in self.workers.values():
            yield describe_lost_host(worker.index, self.name, reason, tuple(worker.trials))

    def activity(self) -> Iterator[Activity]:
        for worker in self.workers.values():
            steps = [trial.step for trial in worker.trials.values() if trial.step is not None]
            device = f"{worker.slot.device} on {self.name}"
            yield Activity(worker.index, device, tuple(worker.trials), max(steps, default=None))

    def _request_of(self, number: int) -> TrialRequest | None:
        trials = (worker.trials.get(number) for worker in self.workers.values())
        return next((trial.request for trial in trials if trial is not None), None)
