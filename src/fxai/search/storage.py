# ruff: noqa: SLF001 -- the ids of Optuna's records are private to it
"""Optuna storage of a running study: reads from memory, writes to SQL.

Samplers and pruners read every trial at every step, and plain Optuna commits one transaction for each parameter and
each report. Here all reads use memory. A study, a trial with its parameters, and a trial's state are committed before
the call returns. Reports and attributes of running trials are written with the next commit, or after one second.
`WriteBehindStorage.one_transaction` combines several changes in one transaction.

The tables are Optuna's, so `optuna.load_study` and optuna-dashboard can read a study while it runs. One process writes
a study (`lock.py`); a trial that another program added is read nevertheless.

Optuna's internals are used only here, in `tables.py` (its tables), in `tpe.py` (one method of its TPE) and in
`hyperband.py` (one method of its Hyperband).
"""

import copy
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Connection, Table

from fxai.errors import StudyHeldError
from fxai.search import tables
from fxai.search.attribute_shapes import check_study, check_trial
from fxai.search.column_limits import ColumnLimits, limits_of
from fxai.search.database import ServerAwayError, in_transaction, one_moment
from fxai.search.lock import RenewLock, always_held
from fxai.search.open_tables import open_tables
from fxai.search.space import as_written
from fxai.search.study_memory import StudyMemory, new_trial
from fxai.search.unreadable import readable_rows

FLUSH_SECONDS = 1.0


class WriteBehindStorage(BaseStorage):
    """An Optuna storage for the one process that writes a study.

    `create=False` opens only an existing database with studies. Each transaction that writes calls `renew_lock`.

    Raises:
        StorageError: If the database cannot be used.
    """

    def __init__(self, url: str, *, create: bool = True, renew_lock: RenewLock = always_held) -> None:
        self._url = url
        self._renew_lock = renew_lock
        self._sql: RDBStorage = open_tables(url, create=create)
        self._lock = threading.RLock()
        self._studies: dict[int, StudyMemory] = {}
        self._places: dict[int, tuple[int, int]] = {}  # trial id -> study id, index among its trials
        self._drafts: dict[int, list[int]] = {}  # by study: negative ids of trials that are not in SQL yet
        self._pending: dict[tables.Place, tables.Row] = {}
        self._pending_since: float | None = None
        self._statements: list[Callable[[Connection], None]] = []  # further statements of the next commit
        self._last_draft = 0
        self._in_transaction = self._is_lost = False

    def __reduce__(self) -> tuple[type["WriteBehindStorage"], tuple[str]]:
        self.flush()
        return type(self), (self._url,)

    @property
    def limits(self) -> ColumnLimits:
        """What the columns of this database hold."""
        return limits_of(self._sql.engine.dialect.name)

    # Transactions

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Commit all changes of the block at once, or none if it raises. An inner block joins the outer one.

        A trial that is created in the block is written at its end. Until then it has a negative id, which remains
        valid.
        """
        with self._lock:
            if self._in_transaction:
                yield
                return
            if not self._studies:
                self.flush()  # `_load` does not flush within the block
            before, self._in_transaction = dict(self._pending), True
            try:
                yield
                self._commit()
            except BaseException:  # also KeyboardInterrupt: memory must not keep what the database does not have
                self._pending, self._statements = before, []
                self._discard_memory()
                raise
            finally:
                self._in_transaction = False

    def flush(self, *, older_than: float = 0.0) -> None:
        """Commit pending changes if the oldest has waited for `older_than` seconds, but not within a transaction."""
        with self._lock:
            since = None if self._in_transaction else self._pending_since
            if since is not None and time.monotonic() - since >= older_than:
                self._commit()

    def close(self) -> None:
        """Commit pending changes, unless the last commit lost the server or the study, and close every connection."""
        try:
            if not self._is_lost:
                self.flush()
        finally:
            self.remove_session()
            self._sql.engine.dispose()

    def remove_session(self) -> None:
        self._sql.remove_session()

    def _commit(self) -> None:
        """One transaction with all pending changes, the drafts, then further statements."""
        if not (self._drafts or self._pending or self._statements):
            return
        tries = count(1)

        def write(connection: Connection) -> list[tuple[int, FrozenTrial]]:
            is_repeated = next(tries) > 1
            self._renew_lock(connection)
            tables.write_rows(connection, self._pending)
            written = self._insert_drafts(connection, is_repeated=is_repeated)
            for execute in self._statements:
                execute(connection)
            return written

        try:
            written = in_transaction(self._sql.engine, write)
        except (ServerAwayError, StudyHeldError):
            self._is_lost = True
            raise
        for draft, trial in written:
            study_id, place = self._places[draft]
            self._studies[study_id].trials[place] = trial
            self._places[trial._trial_id] = (study_id, place)
        self._drafts, self._pending, self._pending_since, self._statements = {}, {}, None, []

    def _insert_drafts(self, connection: Connection, *, is_repeated: bool) -> list[tuple[int, FrozenTrial]]:
        """Write the drafts; returns them with their trials, which have ids of the database."""
        written: list[tuple[int, FrozenTrial]] = []
        for study_id, drafts in self._drafts.items():
            study, places = self._studies[study_id], [self._places[draft][1] for draft in drafts]
            trials = tables.insert_drafts(connection, study_id, study, places, is_repeated=is_repeated)
            written.extend(zip(drafts, trials, strict=True))
        return written

    def _discard_memory(self) -> None:
        """Discard the studies in memory after a failed transaction, so that they are read again."""
        for draft in chain.from_iterable(self._drafts.values()):
            del self._places[draft]
        self._drafts = {}
        self._studies.clear()

    # What is in memory

    def _study(self, study_id: int) -> StudyMemory:
        if study_id not in self._studies:
            self._load(study_id)
        return self._studies[study_id]

    def _load(self, study_id: int) -> None:
        self.flush()  # changes from before the memory was discarded
        name = self._sql.get_study_name_from_id(study_id)
        with readable_rows(self._url, name):
            study = StudyMemory(
                name=name,
                directions=self._sql.get_study_directions(study_id),
                user_attrs=self._sql.get_study_user_attrs(study_id),
                system_attrs=self._sql.get_study_system_attrs(study_id),
            )
            check_study(study.user_attrs, study.system_attrs, len(study.directions))
            self._load_new_trials(study_id, study)
        self._studies[study_id] = study

    def _load_new_trials(self, study_id: int, study: StudyMemory) -> None:
        """Read trials that are in SQL and not in memory."""
        known = next((trial._trial_id for trial in reversed(study.trials) if trial._trial_id > 0), 0)
        reading = one_moment(self._sql.engine)
        for trial in in_transaction(reading, lambda connection: tables.read_new_trials(connection, study_id, known)):
            check_trial(trial, len(study.directions))
            self._add(study_id, study, trial)

    def _add(self, study_id: int, study: StudyMemory, trial: FrozenTrial) -> None:
        self._places[trial._trial_id] = (study_id, study.add(trial))

    def _place(self, trial_id: int) -> tuple[StudyMemory, int]:
        """The study of a trial, and the trial's index in it."""
        if trial_id not in self._places:
            study_id = in_transaction(self._sql.engine, lambda connection: tables.study_of(connection, trial_id))
            if study_id is None:
                raise KeyError(f"no trial with id {trial_id}")
            self._study(study_id)
        study_id, place = self._places[trial_id]
        return self._study(study_id), place

    def _replace_with_copy(self, trial_id: int) -> FrozenTrial:
        """A copy of a trial that may be changed, which replaces the trial (`StudyMemory.replace_with_copy`)."""
        study, place = self._place(trial_id)
        self.check_trial_is_updatable(trial_id, study.trials[place].state)
        return study.replace_with_copy(place)

    def _write(self, table: Table, trial: FrozenTrial, which: str | int, row: tables.Row) -> None:
        """Queue a row of a trial for the next commit; rows of a draft are created when it is written."""
        if trial._trial_id >= 0:
            self._queue_row((table, trial._trial_id, which), row)

    def _queue_row(self, place: tables.Place, row: tables.Row) -> None:
        self._pending[place] = row
        if self._pending_since is None:
            self._pending_since = time.monotonic()

    # Studies

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        with self._lock:
            return self._sql.create_new_study(directions, study_name)

    def delete_study(self, study_id: int) -> None:
        with self._lock:
            self.flush()
            self._sql.delete_study(study_id)
            self._studies.pop(study_id, None)
            self._places = {trial: place for trial, place in self._places.items() if place[0] != study_id}

    def rename_study(self, study_id: int, name: str) -> None:
        """Rename a study; no study may have the new name."""
        with self.one_transaction():
            self._study(study_id).name = name
            self._statements.append(lambda connection: tables.rename_study(connection, study_id, name))

    def study_names(self) -> set[str]:
        """Names of all studies, including unreadable ones."""
        with self._lock:
            return in_transaction(self._sql.engine, tables.study_names)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        with self.one_transaction():
            study = self._study(study_id)
            study.user_attrs = {**study.user_attrs, key: value}
            self._queue_row((tables.STUDY_USER_ATTRS, study_id, key), tables.attr_row(value))

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        with self.one_transaction():
            study = self._study(study_id)
            study.system_attrs = {**study.system_attrs, key: value}
            self._queue_row((tables.STUDY_SYSTEM_ATTRS, study_id, key), tables.attr_row(value))

    def get_study_id_from_name(self, study_name: str) -> int:
        with self._lock:
            known = (study_id for study_id, study in self._studies.items() if study.name == study_name)
            found = next(known, None)
            return self._sql.get_study_id_from_name(study_name) if found is None else found

    def get_study_name_from_id(self, study_id: int) -> str:
        with self._lock:
            return self._study(study_id).name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        with self._lock:
            return self._study(study_id).directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        with self._lock:
            return self._study(study_id).user_attrs

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        with self._lock:
            return self._study(study_id).system_attrs

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock:
            self.flush()
            return self._sql.get_all_studies()

    # Trials: changes

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        with self.one_transaction():
            study = self._study(study_id)
            if study_id not in self._drafts:  # otherwise this transaction has read them
                self._load_new_trials(study_id, study)
            trial = new_trial() if template_trial is None else copy.deepcopy(template_trial)
            trial.number = study.next_number()
            self._last_draft -= 1
            trial._trial_id = draft = self._last_draft
            self._add(study_id, study, trial)
            self._drafts.setdefault(study_id, []).append(draft)
        return self.get_trial(draft)._trial_id

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        with self.one_transaction():
            trial = self._replace_with_copy(trial_id)
            study, _ = self._place(trial_id)
            study.add_distribution(param_name, distribution)
            param_value_internal = as_written(param_value_internal, distribution)
            value = distribution.to_external_repr(param_value_internal)
            trial.params = {**trial.params, param_name: value}
            trial.distributions = {**trial.distributions, param_name: distribution}
            self._write(tables.PARAMS, trial, param_name, tables.param_row(param_value_internal, distribution))

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with self.one_transaction():
            study, place = self._place(trial_id)
            trial = self._replace_with_copy(trial_id)
            if state is TrialState.RUNNING and trial.state is not TrialState.WAITING:
                return False
            trial.state = state
            if values is not None:
                trial.values = list(values)
                for objective, value in enumerate(values):
                    self._write(tables.VALUES, trial, objective, tables.value_row(value))
            if state is TrialState.RUNNING:
                trial.datetime_start = datetime.now()  # noqa: DTZ005 -- Optuna's records hold local time
            if state.is_finished():
                trial.datetime_complete = datetime.now()  # noqa: DTZ005
            study.update_waiting(place)
            self._write(tables.TRIALS, trial, "", tables.state_row(trial))
            return True

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with self._lock:
            trial = self._replace_with_copy(trial_id)
            trial.intermediate_values = {**trial.intermediate_values, step: intermediate_value}
            self._write(tables.REPORTS, trial, step, tables.report_row(intermediate_value))
            self.flush(older_than=FLUSH_SECONDS)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._lock:
            trial = self._replace_with_copy(trial_id)
            trial.user_attrs = {**trial.user_attrs, key: value}
            self._write(tables.USER_ATTRS, trial, key, tables.attr_row(value))
            self.flush(older_than=FLUSH_SECONDS)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._lock:
            trial = self._replace_with_copy(trial_id)
            trial.system_attrs = {**trial.system_attrs, key: value}
            self._write(tables.SYSTEM_ATTRS, trial, key, tables.attr_row(value))
            self.flush(older_than=FLUSH_SECONDS)

    def restart_trial(
        self, trial_id: int, *, drop: str, system_attrs: Mapping[str, Any], keep_reports: bool = False
    ) -> None:
        """Reset a RUNNING trial to its start, in one transaction; parameters are kept.

        Args:
            trial_id: The trial.
            drop: System attributes with this prefix are removed.
            system_attrs: System attributes to set.
            keep_reports: Whether to keep the reports.
        """
        with self.one_transaction():
            trial = self._replace_with_copy(trial_id)
            dropped = [key for key in trial.system_attrs if key.startswith(drop)]
            kept = {key: value for key, value in trial.system_attrs.items() if key not in dropped}
            trial.system_attrs = {**kept, **system_attrs}
            trial.intermediate_values = trial.intermediate_values if keep_reports else {}
            for key, value in system_attrs.items():
                self._write(tables.SYSTEM_ATTRS, trial, key, tables.attr_row(value))
            own = (trial._trial_id, dropped)
            self._statements.append(lambda write: tables.remove_progress(write, *own, reports=not keep_reports))

    # Trials: reading

    def get_trial(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            study, place = self._place(trial_id)
            return study.trials[place]

    def get_n_trials(self, study_id: int, state: tuple[TrialState, ...] | TrialState | None = None) -> int:
        with self._lock:
            return len(self._study(study_id).trials) if state is None else super().get_n_trials(study_id, state)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        with self._lock:
            trial = self._study(study_id).find(trial_number)
        if trial is not None:
            return trial._trial_id
        raise KeyError(f"no trial {trial_number} in the study with id {study_id}")

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 -- Optuna's signature
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        with self._lock:
            trials = self._study(study_id).select(states)
        return copy.deepcopy(trials) if deepcopy else trials
