"""Runs one study together with other runs (`fxai run --join`).

At each time one run owns the study: it holds the lease in the database, asks and tells, and writes the study's files.
The others lend it their workers. If the owner is gone, another run takes over: it reads the study from the database
and continues, as a run that is started again. All runs serve their workers by a process of their own, also the owner.
"""

import os
import secrets
import socket
import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError, LeaseLostError, StorageError
from fxai.pool.remote.tcp_source import TcpSource
from fxai.results.paths import StudyPaths
from fxai.search.database import AWAY_SECONDS
from fxai.search.study_lease import LEASE_SECONDS, LeaseHolder, LeaseOffice, StudyLease, check_joinable
from fxai.spec.search.study import StudySpec
from fxai.study.data_bars import study_bars
from fxai.study.join.finished_study import FinishedStudy
from fxai.study.join.lender import Lender, Say
from fxai.study.join.listen_address import ListenAddress, address_towards
from fxai.study.join.owned_study import OwnedStudy
from fxai.study.load_transfer import LoadedTransfer, load_transfer
from fxai.study.open_study import check_places, check_same_study
from fxai.study.ray_workers import RayPlan
from fxai.study.run import Watch, search_study
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.study_workers import worker_slots
from fxai.study.write_results import RunStatus, StudyOutcome

_TICK_SECONDS = 0.5  # between two looks at the lease
_LEAVING_SECONDS = 10.0  # for workers that end now


@dataclass(frozen=True, slots=True)
class LentOutcome:
    """The end of a run that lent its workers, and did not own the study at its end."""

    study: StudySpec
    finished: FinishedStudy | None = None  # None: this run was interrupted

    @property
    def status(self) -> RunStatus:
        """How the run ended, as for a run that owned the study."""
        return RunStatus.INTERRUPTED if self.finished is None else self.finished.status


def join_study(
    study: StudySpec,
    results_dir: Path,
    watch: Watch,
    stop: StopSignal,
    say: Say,
    *,
    settings: Collection[str] = (),
    plots: bool = True,
    listen: ListenAddress | None = None,
) -> StudyOutcome | LentOutcome:
    """Own the study or lend workers to its owner, until the study is finished or this run is interrupted.

    Args:
        study, results_dir, watch, stop, settings, plots: As for `search_study`.
        say: Shows lines while this run does not own the study.
        listen: Address at which this run accepts the workers of others. Default: that by which it reaches the database.

    Raises:
        InputError: The database is no server, the spec or the data differ from the owner's, or as of `search_study`.
        FxaiError: As of `search_study`.
    """
    check_joinable(study.storage)
    loaded = load_transfer(study, results_dir, settings)
    paths = StudyPaths(results_dir, loaded.study.study_name)
    check_places(loaded.study, paths)
    run = _JoinedRun(loaded, paths, listen or address_towards(study.storage), stop, say)
    with closing(run):
        while True:
            owned = run.wait_for_study()
            if not isinstance(owned, OwnedStudy):
                return LentOutcome(loaded.study, owned)
            try:
                with closing(owned):
                    outcome = search_study(
                        *(study, results_dir, watch, stop), settings=settings, plots=plots, owned=owned
                    )
                    if outcome.status is not RunStatus.INTERRUPTED:
                        owned.lease.finish(FinishedStudy.of(outcome, paths).text)
                    return outcome
            except LeaseLostError as error:
                say(f"This run was out of reach for too long: {error}.")


class _JoinedRun:
    def __init__(
        self, loaded: LoadedTransfer, paths: StudyPaths, listen: ListenAddress, stop: StopSignal, say: Say
    ) -> None:
        self._loaded, self._paths, self._listen, self._stop = loaded, paths, listen, stop
        bars = study_bars(loaded.study)
        self._data_hash = None if bars is None else bars.content_hash
        study = loaded.study
        plan = worker_slots(study)
        if isinstance(plan, RayPlan):
            raise InputError(
                "--join: a study with the engine ray has the workers of its cluster; leave out one of them"
            )
        slots = plan.slots[: study.n_trials]
        log = paths.logs / f"host-{socket.gethostname()}-{os.getpid()}.log"
        self._lender = Lender(study, slots, log, self._data_hash, say)
        self._office = LeaseOffice(study.storage, study.study_name)
        self._is_same = False  # whether the spec was compared with that of the study in the database
        row = self._office.read()
        self._before = 0 if row is None else row.generation - row.is_current  # last generation before this run

    def wait_for_study(self) -> OwnedStudy | FinishedStudy | None:
        """Lend the workers until this run owns the study, or the study is finished. None: this run was interrupted."""
        away_since: float | None = None
        while not self._stop.urgency:
            found: OwnedStudy | FinishedStudy | None = None
            try:
                found = self._look()
                away_since = None
            except StorageError:  # the server restarts
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > AWAY_SECONDS:
                    raise
            if found is not None:
                return found
            time.sleep(_TICK_SECONDS)
        self._leave()
        return None

    def close(self) -> None:
        self._lender.end()
        self._office.close()

    def _look(self) -> OwnedStudy | FinishedStudy | None:
        """Look at the lease once: take the study if it is free, or lend the workers to its owner."""
        row = self._office.read()
        if row is not None and row.outcome is not None and row.generation > self._before and self._is_begun():
            self._lender.end()
            return FinishedStudy.read(row.outcome)
        is_current = row is not None and row.is_current
        if row is None or not (is_current and self._lender.is_serving(row)):  # a restart of the server frees the lock
            owned = self._try_to_own()
            if owned is not None:
                return owned
        if row is not None and is_current and self._is_begun():
            self._lender.serve(row)
        return None

    def _is_begun(self) -> bool:
        """Whether the study is begun. Raises `FingerprintError` for a study with another spec."""
        self._is_same = self._is_same or check_same_study(self._loaded, self._paths)
        return self._is_same

    def _try_to_own(self) -> OwnedStudy | None:
        sources: list[TcpSource] = []
        holders: list[LeaseHolder] = []

        def announce() -> LeaseHolder:
            token = secrets.token_hex(32)
            source = TcpSource(token, self._listen.host, self._listen.port)
            sources.append(source)
            host, port = socket.gethostname(), source.address[1]
            holders.append(
                LeaseHolder(host, os.getpid(), self._listen.host, port, token, self._data_hash, seconds=LEASE_SECONDS)
            )
            return holders[-1]

        lease: StudyLease | None = None
        try:
            lease = self._office.try_take(announce, self._before)
        finally:
            if lease is None:
                for source in sources:
                    source.close()
        if lease is None:
            return None
        self._lender.end()  # the last owner of the workers is gone
        return OwnedStudy(lease, sources[-1], self._lender.process_for(holders[-1]))

    def _leave(self) -> None:
        """Give the trials back. A second interruption ends the workers at once."""
        self._lender.leave()
        while not self._lender.has_left and self._stop.urgency is not Urgency.NOW:
            time.sleep(_TICK_SECONDS / 5)
        self._lender.leave(now=True)
        until = time.monotonic() + _LEAVING_SECONDS
        while not self._lender.has_left and time.monotonic() < until:
            time.sleep(_TICK_SECONDS / 5)
        self._lender.end()
