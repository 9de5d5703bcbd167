"""Lends this run's workers to the run that owns the study, until that run has finished it or is gone."""

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fxai.errors import FxaiError, InputError, StudyNotFoundError
from fxai.formatting import counted
from fxai.metric_text import number_text
from fxai.pool.remote.remote_pool import user_folders
from fxai.protocol import Slot
from fxai.search.stored_trial import StoredState
from fxai.search.studies import stored_study
from fxai.search.study_lease import LeaseHolder, LeaseRow
from fxai.spec.fields.objective import has_measured_metrics
from fxai.spec.search.study import StudySpec
from fxai.study.join.host_messages import HostFate, HostTask
from fxai.study.join.host_process import HostProcess

_PROGRESS_SECONDS = 10.0  # between two lines
_AGAIN_SECONDS = 2.0  # before this run connects to the same owner again

Say = Callable[[str], None]
"""Shows a line to the user."""


class Lender:
    """This run's workers, and the owner that has them.

    Args:
        study: The study.
        slots: Of this run's workers.
        log: File for the output of the process that serves the workers.
        data_hash: Of the study's data on this machine.
        say: Shows lines.
    """

    def __init__(self, study: StudySpec, slots: Sequence[Slot], log: Path, data_hash: str | None, say: Say) -> None:
        self._study, self._slots, self._log = study, tuple(slots), log
        self._data_hash, self._say = data_hash, say
        self._process: HostProcess | None = None
        self._generation = 0  # of the owner that has the workers
        self._connected_at = 0.0
        self._said = ""  # about the progress
        self._said_at = 0.0

    def process_for(self, owner: LeaseHolder) -> HostProcess:
        """Start a process that serves this run's workers to an owner."""
        name = socket.gethostname()
        return HostProcess(
            HostTask(name, owner.address, owner.port, owner.token, self._slots, user_folders()), self._log
        )

    def is_serving(self, row: LeaseRow) -> bool:
        """Whether the workers are connected to the holder of the lease, or try to connect to it."""
        return row.generation == self._generation and self._process is not None and self._process.report is None

    def serve(self, row: LeaseRow) -> None:
        """Lend the workers to the holder of the lease. Called again and again while the lease is current.

        Raises:
            InputError: The owner has other data, or it refuses this run's workers.
            FxaiError: The workers do not start.
        """
        if row.generation != self._generation:
            self.end()
            self._check_data(row.holder)
            self._say(f"Lends its {counted(len(self._slots), 'worker')} to {row.holder.name}, which owns the study.")
            self._generation = row.generation
            self._connect(row.holder)
        elif self._process is not None and (report := self._process.report) is not None:
            self._ended(row.holder, report.fate, report.message)
        self._say_progress()

    def leave(self, *, now: bool = False) -> None:
        """Give the trials back to the owner, saved at their next reports, or now as of their last checkpoints."""
        if self._process is not None:
            self._process.leave(now=now)

    @property
    def has_left(self) -> bool:
        """Whether the workers have no trial any more, since their process has ended."""
        return self._process is None or self._process.report is not None

    def end(self) -> None:
        """End the workers now."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _connect(self, owner: LeaseHolder) -> None:
        self._process = self.process_for(owner)
        self._connected_at = time.monotonic()

    def _ended(self, owner: LeaseHolder, fate: HostFate, message: str) -> None:
        """Handle the end of the process while the lease is current."""
        match fate:
            case HostFate.BY_OWNER | HostFate.LEFT:
                self.end()  # the owner writes the study's files
            case HostFate.REFUSED:
                raise InputError(message)
            case HostFate.FAILED:
                raise FxaiError(message)
            case HostFate.LOST | HostFate.UNREACHABLE if time.monotonic() - self._connected_at > _AGAIN_SECONDS:
                self._say_once(f"{message} This run tries again.{_hint(owner)}")
                self.end()
                self._connect(owner)

    def _check_data(self, owner: LeaseHolder) -> None:
        if None not in {owner.data_hash, self._data_hash} and owner.data_hash != self._data_hash:
            raise InputError(
                f"the data of {self._study.study_name} differ from those of {owner.name}, which owns the study: their "
                f"hashes are {str(self._data_hash)[:12]} here and {str(owner.data_hash)[:12]} there. Copy the same "
                "files to each machine"
            )

    def _say_progress(self) -> None:
        if time.monotonic() - self._said_at > _PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            self._say_once(self._progress())

    def _say_once(self, text: str) -> None:
        if text and text != self._said:
            self._said = text
            self._say(text)

    def _progress(self) -> str:
        """The trials of the study and its best value, from the database."""
        study = self._study
        try:
            with stored_study(study.storage, study.study_name) as stored:
                counts, leader = stored.state_counts(), stored.leader()
        except StudyNotFoundError:  # the owner has not begun it yet
            return ""
        finished = sum(counts.get(state, 0) for state in (StoredState.COMPLETE, StoredState.PRUNED, StoredState.FAIL))
        text = f"{counted(finished, 'trial')} finished, {counts.get(StoredState.RUNNING, 0)} running"
        if leader is None:
            return f"{text}."
        trading = has_measured_metrics(study.objective)
        return f"{text}; best {number_text(study.metric_name, leader[1], trading=trading)} (trial {leader[0]})."


def _hint(owner: LeaseHolder) -> str:
    if owner.host == socket.gethostname() or not owner.address.startswith(("127.", "::1", "localhost")):
        return ""
    return (
        f" {owner.name} can be reached on its own machine only; start it with --join-address and the machine's address."
    )
