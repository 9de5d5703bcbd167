"""The folders of a host that does not reach the study's folder, and what of them travels to the parent."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fxai.pool.contract import TrialStarted, WorkerLost
from fxai.pool.remote.file_receiver import FileReceiver
from fxai.pool.remote.file_sender import FileToSend
from fxai.pool.remote.messages import FilePart, FileRemoved, HostEvent
from fxai.pool.remote.trial_files import FolderChanges, inherited_name
from fxai.protocol import Report, TrialRequest, TrialResult
from fxai.protocol.bounds import bounded_error


@dataclass(slots=True)
class _HostedTrial:
    request: TrialRequest  # of the parent, with the parent's folder
    changes: FolderChanges
    worker: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """What goes to the parent: files, then removals, then events."""

    files: Sequence[FileToSend]
    removed: Sequence[FileRemoved]
    events: Sequence[HostEvent]


class HostFiles:
    """A folder for each trial that this host has. Paths in messages to the parent are the parent's."""

    def __init__(self, folder: Path, parent_logs: Path) -> None:
        """Use `folder`, which is this host's alone. `parent_logs` is the parent's folder of workers' logs."""
        self.logs = folder / "logs"
        self._folder = folder
        self._parent_logs = parent_logs
        self._receiver = FileReceiver()
        self._trials: dict[int, _HostedTrial] = {}
        self._arriving: set[int] = set()  # trials whose files arrive, and which come after them
        self._ended: dict[int, int] = {}  # worker of each ended trial whose folder is still here

    def receive(self, part: FilePart) -> None:
        """Write a part of a trial that will come. A trial whose file cannot be written begins without the file."""
        if part.trial is not None and part.trial not in self._trials:
            self._receiver.receive(part, self._new_folder(part.trial))

    def begin(self, request: TrialRequest, worker: int) -> TrialRequest:
        """The request with paths of this host."""
        folder = self._new_folder(request.number)
        self._arriving.discard(request.number)
        self._receiver.forget(request.number)
        changes = FolderChanges(folder)
        changes.note()
        self._trials[request.number] = _HostedTrial(request, changes, worker)
        name, inherited = inherited_name(request), request.inherited
        if inherited is not None and name is not None:
            inherited = replace(inherited, checkpoint=folder / name)
        return replace(request, directory=folder, inherited=inherited)

    def give_back(self, numbers: Sequence[int]) -> None:
        """Forget trials that have not begun."""
        for number in numbers:
            self._end(number)

    def leaving(self, worker: int, events: Sequence[HostEvent]) -> Leaving:
        """The events of a worker, and the files that have to arrive before them."""
        files: list[FileToSend] = []
        removed: list[FileRemoved] = []
        passed = [self._of_parent(event) for event in events]
        for number, ended in _trials_of(events).items():
            trial = self._trials.get(number)
            if trial is None:
                continue
            changes = trial.changes
            files += [FileToSend(number, changes.folder, name) for name in changes.changed(ended=ended)]
            removed += [FileRemoved(number, name) for name in changes.removed()]
            if ended:
                self._end(number)
        if any(isinstance(event, WorkerLost) for event in events):
            files.append(FileToSend(None, self.logs, f"worker-{worker}.log"))
        return Leaving(files, removed, passed)

    def clear(self, idle: Mapping[int, bool]) -> None:
        """Delete the folders of ended trials of the workers whose streams are idle."""
        for number, worker in list(self._ended.items()):
            if idle[worker]:
                del self._ended[number]
                shutil.rmtree(self._path(number), ignore_errors=True)

    def close(self) -> None:
        """Delete all folders of trials."""
        self._receiver.forget()
        shutil.rmtree(self._folder / "trials", ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self._folder / "trials" / str(number)

    def _new_folder(self, number: int) -> Path:
        """The folder of a trial that arrives, empty before its first file."""
        folder = self._path(number)
        if number not in self._arriving:
            self._arriving.add(number)
            self._ended.pop(number, None)
            shutil.rmtree(folder, ignore_errors=True)
        return folder

    def _end(self, number: int) -> None:
        trial = self._trials.pop(number, None)
        if trial is not None:
            self._ended[number] = trial.worker

    def _of_parent(self, event: HostEvent) -> HostEvent:
        """The event with the parent's paths in its texts."""
        match event:
            case Report(number, flaw=flaw) if flaw:
                return replace(event, flaw=self._text(flaw, [number]))
            case TrialResult(number, error=error, flaw=flaw):
                if error is not None:
                    message, trace = (self._text(text, [number]) for text in (error.message, error.traceback))
                    error = bounded_error(replace(error, message=message, traceback=trace))
                return replace(event, error=error, flaw=self._text(flaw, [number]))
            case WorkerLost(message=message, trials=numbers):
                return replace(event, message=self._text(message, numbers))
            case Report() | TrialStarted():
                return event

    def _text(self, text: str, numbers: Sequence[int]) -> str:
        text = text.replace(str(self.logs), str(self._parent_logs))
        for number in numbers:
            if (trial := self._trials.get(number)) is not None:
                text = text.replace(str(trial.changes.folder), str(trial.request.directory))
        return text


def _trials_of(events: Sequence[HostEvent]) -> Mapping[int, bool]:
    """The trials that have reported or ended, each with whether it has ended."""
    return dict(_each_trial(events))


def _each_trial(events: Sequence[HostEvent]) -> Iterator[tuple[int, bool]]:
    for event in events:
        match event:
            case Report(number):
                yield number, False
            case TrialResult(number):
                yield number, True
            case WorkerLost(trials=numbers):
                yield from ((number, True) for number in numbers)
            case TrialStarted():
                pass
