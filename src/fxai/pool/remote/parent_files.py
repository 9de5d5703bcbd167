"""The files of one host's trials at the parent, for a host that does not reach the study's folder."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fxai.pool.contract import TrialStarted, WorkerLost
from fxai.pool.remote.file_receiver import FileReceiver, is_inside
from fxai.pool.remote.file_sender import FileSender, FileToSend
from fxai.pool.remote.messages import FilePart, FileRemoved, HostEvent, PartsReceived, SubmitTrial, ToHost
from fxai.pool.remote.trial_files import files_of, inherited_name
from fxai.protocol import Report, TrialPaths, TrialRequest, TrialResult, take_folder
from fxai.protocol.trial_failure import make_folder


class ParentFiles:
    """Sends a trial's files before the trial, and writes the files that the host sends."""

    def __init__(self, logs: Path, send: Callable[[ToHost], None]) -> None:
        self._logs = logs
        self._send = send
        self._sender = FileSender[ToHost](send)
        self._receiver = FileReceiver()
        self._flaws: dict[int, str] = {}  # of trials whose files could not be written, for their next events

    def submit(self, message: SubmitTrial) -> None:
        """Send the trial after its files.

        Raises:
            FxaiError: The folder has files of another trial, and they cannot be renamed.
        """
        request = message.request
        make_folder(request)
        take_folder(request)
        self._sender.add(request.number, _files_for(request), [message])

    def confirmed(self, parts: int) -> None:
        """Note that the host has received so many parts."""
        self._sender.confirmed(parts)

    def receive(self, part: FilePart, request: TrialRequest | None) -> None:
        """Write a part of a file of the host's trial `request`, or of a worker's log without a trial."""
        self._send(PartsReceived(1))
        if request is not None:
            if flaw := self._receiver.receive(part, request.directory):
                self._flaws[request.number] = flaw
        elif part.trial is None and part.path == Path(part.path).name and part.path.startswith("worker-"):
            self._receiver.receive(part, self._logs)

    @staticmethod
    def remove(message: FileRemoved, request: TrialRequest) -> None:
        """Remove a file that the trial has removed."""
        if is_inside(message.path):
            with contextlib.suppress(OSError):
                (request.directory / message.path).unlink(missing_ok=True)

    def passed_on(self, event: HostEvent) -> HostEvent:
        """The event, with the reason why files of its trial could not be written, if there is one.

        Incomplete files of a trial that has ended or is lost are removed.
        """
        match event:
            case Report(number):
                return replace(event, flaw=event.flaw or self._flaws.pop(number, ""))
            case TrialResult(number):
                self._receiver.forget(number)
                return replace(event, flaw=event.flaw or self._flaws.pop(number, ""))
            case WorkerLost(trials=numbers):
                for number in numbers:
                    self._receiver.forget(number)
                return event
            case TrialStarted():
                return event

    def close(self) -> None:
        """Remove incomplete files, and send no more."""
        self._sender.close()
        self._receiver.forget()


def _files_for(request: TrialRequest) -> list[FileToSend]:
    """The files that the trial continues from. A trial that no run has begun has none."""
    folder = request.directory
    files: list[FileToSend] = []
    if request.stored_reports is not None:
        inherited = set(folder.glob("inherited-*"))
        kept = [path for path in files_of(TrialPaths(folder).left) if path not in inherited]
        files = [FileToSend(request.number, folder, path.relative_to(folder).as_posix()) for path in kept]
    if request.inherited is not None and (name := inherited_name(request)) is not None:
        checkpoint = request.inherited.checkpoint
        files.append(FileToSend(request.number, checkpoint.parent, checkpoint.name, name))
    return files
