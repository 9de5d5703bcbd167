# ruff: noqa: SLF001 -- the ids of Optuna's records are private to it
"""Trials as rows of Optuna's tables, written in bulk.

Optuna's database models are private; they are used here, and other internals of Optuna in `storage.py`. Statements are
portable SQL: a row is replaced by deleting and inserting it.
"""

import copy
import json
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial
from sqlalchemy import Connection, Table

from fxai.errors import StorageError
from fxai.search.column_limits import check_text
from fxai.search.space import as_written
from fxai.search.stored_json import read_json
from fxai.search.study_memory import StudyMemory

STUDIES: Table = models.StudyModel.__table__
STUDY_USER_ATTRS: Table = models.StudyUserAttributeModel.__table__
STUDY_SYSTEM_ATTRS: Table = models.StudySystemAttributeModel.__table__
TRIALS: Table = models.TrialModel.__table__
PARAMS: Table = models.TrialParamModel.__table__
VALUES: Table = models.TrialValueModel.__table__
REPORTS: Table = models.TrialIntermediateValueModel.__table__
USER_ATTRS: Table = models.TrialUserAttributeModel.__table__
SYSTEM_ATTRS: Table = models.TrialSystemAttributeModel.__table__

# The columns that identify a row of a table: its owner and its key.
_KEYS: Mapping[Table, tuple[str, str]] = {
    STUDY_USER_ATTRS: ("study_id", "key"),
    STUDY_SYSTEM_ATTRS: ("study_id", "key"),
    PARAMS: ("trial_id", "param_name"),
    VALUES: ("trial_id", "objective"),
    REPORTS: ("trial_id", "step"),
    USER_ATTRS: ("trial_id", "key"),
    SYSTEM_ATTRS: ("trial_id", "key"),
}
_TEXTS = frozenset({"distribution_json", "value_json"})  # the columns of JSON
_REPLACED = {
    table: sa.delete(table).where(table.c[owner] == sa.bindparam("owner"), table.c[key] == sa.bindparam("which"))
    for table, (owner, key) in _KEYS.items()
}
_CHANGE_TRIAL = sa.update(TRIALS).where(TRIALS.c.trial_id == sa.bindparam("owner"))
_OF_STUDY = TRIALS.c.study_id == sa.bindparam("study")
_ADD_TRIAL = sa.insert(TRIALS)
_COUNT_BETWEEN = (
    sa.select(sa.func.count())
    .select_from(TRIALS)
    .where(_OF_STUDY, TRIALS.c.trial_id.between(sa.bindparam("first"), sa.bindparam("last")))
)
_LATER_TRIAL = sa.select(TRIALS.c.trial_id).where(_OF_STUDY, TRIALS.c.trial_id > sa.bindparam("after")).limit(1)
CHECKED_TRIALS = 100
"""The last trials of a study that are counted when trials are added. All trials would take longer in larger studies."""

Row: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[Table, int, str | int]  # table, owner, key


@lru_cache(maxsize=4096)
def _distribution(text: str) -> BaseDistribution:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about deprecated types and ranges that are not a multiple of the step
        return json_to_distribution(text)


def param_row(value: float, distribution: BaseDistribution) -> Row:
    """Row of a parameter in Optuna's internal representation."""
    return {"param_value": value, "distribution_json": distribution_to_json(distribution)}


def value_row(value: float) -> Row:
    stored, kind = models.TrialValueModel.value_to_stored_repr(value)
    return {"value": stored, "value_type": kind}


def report_row(value: float) -> Row:
    stored, kind = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
    return {"intermediate_value": stored, "intermediate_value_type": kind}


def attr_row(value: Any) -> Row:
    return {"value_json": json.dumps(value)}


def state_row(trial: FrozenTrial) -> Row:
    return {
        "state": trial.state,
        "datetime_start": _to_utc(trial.datetime_start),
        "datetime_complete": _to_utc(trial.datetime_complete),
    }


def rows_of(trial: FrozenTrial, trial_id: int) -> Iterable[tuple[Place, Row]]:
    """All rows of a trial except its own, under the given id."""
    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        yield (PARAMS, trial_id, name), param_row(distribution.to_internal_repr(value), distribution)
    for objective, value in enumerate(trial.values or ()):
        yield (VALUES, trial_id, objective), value_row(value)
    for step, value in trial.intermediate_values.items():
        yield (REPORTS, trial_id, step), report_row(value)
    for table, attrs in ((USER_ATTRS, trial.user_attrs), (SYSTEM_ATTRS, trial.system_attrs)):
        for key, value in attrs.items():
            yield (table, trial_id, key), attr_row(value)


def insert_drafts(
    connection: Connection, study_id: int, study: StudyMemory, places: Sequence[int], *, is_repeated: bool
) -> list[FrozenTrial]:
    """Write the last trials of a study, which are not in SQL yet; returns them with their ids.

    Args:
        connection: Of a transaction.
        study_id: The study.
        study: The study in memory.
        places: Indexes of the trials.
        is_repeated: Whether this transaction is a repetition. The first try may have been committed, if the connection
            was lost before the answer.

    Raises:
        StorageError: If another program has added a trial since the study was read.
    """
    written, new = [copy.copy(study.trials[place]) for place in places], list[FrozenTrial]()
    for trial in written:
        known = _id_of_trial(connection, study_id, trial.number) if is_repeated else None
        trial._trial_id = _insert_trial(connection, study_id, trial) if known is None else known
        if known is None:
            new.append(trial)
    _insert(connection, chain.from_iterable(rows_of(trial, trial._trial_id) for trial in new))
    before = study.trials[max(places[0] - CHECKED_TRIALS, 0) : places[0]]
    first, last = before[0]._trial_id if before else 0, written[-1]._trial_id
    if _count_between(connection, study_id, first, last) != len(before) + len(written):
        raise StorageError(
            f"another program added a trial to the study {study.name!r}; only one program may write a study. "
            "Stop the other program, then start this run again"
        )
    return written


def _insert_trial(connection: Connection, study_id: int, trial: FrozenTrial) -> int:
    """Write a trial's own row; returns its id."""
    row = {"study_id": study_id, "number": trial.number, **state_row(trial)}
    key = connection.execute(_ADD_TRIAL, row).inserted_primary_key
    return int(key[0]) if key else -1


def write_rows(connection: Connection, rows: Mapping[Place, Row]) -> None:
    """Replace rows; rows of `TRIALS` are updated."""
    replaced: defaultdict[Table, list[Row]] = defaultdict(list)
    changed: list[Row] = []
    for (table, owner, which), row in rows.items():
        if table is TRIALS:
            changed.append({"owner": owner, **row})
        else:
            replaced[table].append({"owner": owner, "which": which})
    if changed:
        connection.execute(_CHANGE_TRIAL, changed)
    for table, owners in replaced.items():
        connection.execute(_REPLACED[table], owners)
    _insert(connection, ((place, row) for place, row in rows.items() if place[0] is not TRIALS))


def _insert(connection: Connection, rows: Iterable[tuple[Place, Row]]) -> None:
    inserted: defaultdict[Table, list[Row]] = defaultdict(list)
    for (table, owner, which), row in rows:
        owner_column, key_column = _KEYS[table]
        for column in _TEXTS & row.keys():
            check_text(connection.dialect.name, which, row[column])
        inserted[table].append({owner_column: owner, key_column: which, **row})
    for table, table_rows in inserted.items():
        connection.execute(sa.insert(table), table_rows)


def study_names(connection: Connection) -> set[str]:
    return set(connection.execute(sa.select(STUDIES.c.study_name)).scalars())


def rename_study(connection: Connection, study_id: int, name: str) -> None:
    connection.execute(sa.update(STUDIES).where(STUDIES.c.study_id == study_id).values(study_name=name))


def remove_progress(connection: Connection, trial_id: int, system_attrs: Sequence[str], *, reports: bool) -> None:
    """Delete the given system attributes of a trial, and its reports if `reports`."""
    if reports:
        connection.execute(sa.delete(REPORTS).where(REPORTS.c.trial_id == trial_id))
    own = SYSTEM_ATTRS.c.trial_id == trial_id
    connection.execute(sa.delete(SYSTEM_ATTRS).where(own, SYSTEM_ATTRS.c.key.in_(system_attrs)))


def study_of(connection: Connection, trial_id: int) -> int | None:
    found = connection.execute(sa.select(TRIALS.c.study_id).where(TRIALS.c.trial_id == trial_id)).scalar()
    return None if found is None else int(found)


def _id_of_trial(connection: Connection, study_id: int, number: int) -> int | None:
    found = connection.execute(
        sa.select(TRIALS.c.trial_id).where(_OF_STUDY, TRIALS.c.number == number), {"study": study_id}
    ).scalar()
    return None if found is None else int(found)


def _count_between(connection: Connection, study_id: int, first: int, last: int) -> int:
    """Number of a study's trials with ids from `first` to `last`."""
    return int(connection.execute(_COUNT_BETWEEN, {"study": study_id, "first": first, "last": last}).scalar_one())


def read_new_trials(connection: Connection, study_id: int, after: int) -> list[FrozenTrial]:
    """The study's trials with ids above `after`, ordered by id."""
    if connection.execute(_LATER_TRIAL, {"study": study_id, "after": after}).first() is None:
        return []
    chosen = sa.and_(TRIALS.c.study_id == study_id, TRIALS.c.trial_id > after)
    parts: Mapping[Table, Mapping[int, list[sa.Row[Any]]]] = {
        table: _rows_by_trial(connection, table, chosen)
        for table in (PARAMS, VALUES, REPORTS, USER_ATTRS, SYSTEM_ATTRS)
    }
    trials = connection.execute(sa.select(TRIALS).where(chosen).order_by(TRIALS.c.trial_id))
    return [_trial(row, {table: rows.get(row.trial_id, []) for table, rows in parts.items()}) for row in trials]


def _rows_by_trial(
    connection: Connection, table: Table, chosen: sa.ColumnElement[bool]
) -> Mapping[int, list[sa.Row[Any]]]:
    (own_key,) = table.primary_key.columns
    query = sa.select(table).join(TRIALS, TRIALS.c.trial_id == table.c.trial_id).where(chosen).order_by(own_key)
    rows: defaultdict[int, list[sa.Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        rows[row.trial_id].append(row)
    return rows


def _trial(row: sa.Row[Any], parts: Mapping[Table, Sequence[sa.Row[Any]]]) -> FrozenTrial:
    distributions = {part.param_name: _distribution(part.distribution_json) for part in parts[PARAMS]}
    to_value = models.TrialValueModel.stored_repr_to_value
    to_report = models.TrialIntermediateValueModel.stored_repr_to_intermediate_value
    values = sorted(parts[VALUES], key=lambda part: int(part.objective))
    return FrozenTrial(
        number=row.number,
        state=row.state,
        value=None,
        values=[to_value(part.value, part.value_type) for part in values] or None,
        datetime_start=_to_local(row.datetime_start),
        datetime_complete=_to_local(row.datetime_complete),
        params={part.param_name: _external(part.param_value, distributions[part.param_name]) for part in parts[PARAMS]},
        distributions=distributions,
        user_attrs={part.key: read_json(part.value_json) for part in parts[USER_ATTRS]},
        system_attrs={part.key: read_json(part.value_json) for part in parts[SYSTEM_ATTRS]},
        intermediate_values={
            part.step: to_report(part.intermediate_value, part.intermediate_value_type) for part in parts[REPORTS]
        },
        trial_id=row.trial_id,
    )


def _external(value: float, distribution: BaseDistribution) -> Any:
    return distribution.to_external_repr(as_written(value, distribution))


def _to_utc(moment: datetime | None) -> datetime | None:
    """Local time, as in Optuna's records, to UTC, as in its tables; both without a zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _to_local(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
