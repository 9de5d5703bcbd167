"""Reads the studies of a storage for commands and results. Nothing is written and no file is created."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fxai.errors import StorageError, StudyNotFoundError
from fxai.protocol import STANDARD_ERROR
from fxai.search import attributes
from fxai.search.attribute_shapes import check_study
from fxai.search.confirmed import confirmed_of
from fxai.search.counts import TrialCounts
from fxai.search.metric_goals import goals_of
from fxai.search.rows import Rows, rows_of
from fxai.search.stored_json import read_json
from fxai.search.stored_run import StoredRun
from fxai.search.stored_study import StoredDirection, StoredStudy
from fxai.search.stored_trial import StoredState
from fxai.search.study_traits import UNKNOWN_STUDY, StudyTraits
from fxai.search.unreadable import readable_rows
from fxai.spec.fields.storage_url import shown

if TYPE_CHECKING:  # Optuna is imported only where it is needed
    import optuna

_ARCHIVED = re.compile(r".+~[1-9]\d*")


@dataclass(frozen=True, slots=True)
class StudyListing:
    """One study of a storage."""

    name: str
    direction: str  # "maximize" or "minimize"; both, with a comma, for a study of several objectives
    counts: TrialCounts
    archived: bool  # archived by --fresh
    ended_by: str | None = None  # key of the stop rule
    metric: str = ""  # that the best value is of
    traits: StudyTraits = UNKNOWN_STUDY
    standard_error: float | None = None  # of the best value, if it is known
    confirmed_value: float | None = None  # of the best trial on fresh seeds; None without a confirmation
    confirmed_error: float | None = None  # its standard error, if it is known
    target: int | None = None  # finished trials at which the study is done; None for a study of another program
    run: StoredRun | None = None  # the last run
    fault: str | None = None  # why the study cannot be read; then only its name is known


def study_names(url: str) -> tuple[str, ...]:
    """Names of the studies of a storage, the oldest first."""
    with rows_of(url) as rows, readable_rows(url):
        return tuple(_names(rows).values())


def summaries(url: str) -> tuple[StudyListing, ...]:
    """The studies of a storage with their counts, the oldest first, without reading their trials.

    A study that cannot be read has a `fault`.

    Raises:
        StorageError: If the database does not exist.
    """
    with rows_of(url) as rows:
        with readable_rows(url):
            names = _names(rows)
        return tuple(_listing_or_fault(rows, url, study_id, name) for study_id, name in names.items())


@contextmanager
def stored_study(url: str, name: str) -> Iterator[StoredStudy]:
    """A study at one moment; its trials can be read within the block.

    Raises:
        StudyNotFoundError: If the storage has no study of that name.
        StorageError: If the database does not exist or the study cannot be read.
    """
    with rows_of(url) as rows, readable_rows(url, name):
        yield _study(rows, url, name)


def load_study(url: str, name: str) -> "optuna.Study":
    """A study with all its trials in memory, as an Optuna study; errors as of `stored_study`."""
    import optuna  # noqa: PLC0415

    from fxai.search.storage import WriteBehindStorage  # noqa: PLC0415

    with stored_study(url, name):
        pass  # the study exists
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # its output would disturb a command's output
    storage = WriteBehindStorage(url, create=False)
    try:
        with readable_rows(url, name):
            study = optuna.load_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler())
            study.get_trials(deepcopy=False)  # loads all trials, so that the database is not needed later
    finally:
        storage.close()
    return study


def readable_studies(url: str, names: Iterable[str], on_fault: Callable[[str], None]) -> "Iterator[optuna.Study]":
    """The studies that can be read; `on_fault` is called with the error message of each other study."""
    for name in names:
        try:
            yield load_study(url, name)
        except StorageError as error:
            on_fault(str(error))


def is_archived(name: str) -> bool:
    """Whether --fresh has archived the study."""
    return _ARCHIVED.fullmatch(name) is not None


def _names(rows: Rows) -> Mapping[int, str]:
    """Study names by id. Bytes that are not valid text are replaced."""
    found = rows("SELECT s.study_id, s.study_name FROM studies s ORDER BY s.study_id")
    return {study_id: _as_text(name) for study_id, name in found}


def _as_text(name: object) -> str:
    return str(name).encode("utf-8", "replace").decode()


def _study(rows: Rows, url: str, name: str) -> StoredStudy:
    names = _names(rows)
    for study_id, each in names.items():
        if each == name:
            return _study_of_id(rows, study_id, name)
    raise StudyNotFoundError(_not_found(tuple(names.values()), url, name))


def _study_of_id(rows: Rows, study_id: int, name: str) -> StoredStudy:
    directions = "SELECT d.direction FROM study_directions d WHERE d.study_id = :study ORDER BY d.objective"
    study = StoredStudy(
        study_name=name,
        directions=[StoredDirection[direction] for (direction,) in rows(directions, study=study_id)],
        user_attrs=_attrs(rows, "study_user_attributes", study_id),
        system_attrs=_attrs(rows, "study_system_attributes", study_id),
        study_id=study_id,
        rows=rows,
    )
    check_study(study.user_attrs, study.system_attrs, len(study.directions))
    return study


def _attrs(rows: Rows, table: str, study_id: int) -> dict[str, object]:
    statement = f"SELECT a.key, a.value_json FROM {table} a WHERE a.study_id = :study"  # noqa: S608 - our own words
    return {key: read_json(text) for key, text in rows(statement, study=study_id)}


def _listing_or_fault(rows: Rows, url: str, study_id: int, name: str) -> StudyListing:
    try:
        with readable_rows(url, name):
            return _listing(_study_of_id(rows, study_id, name))
    except StorageError as error:
        return StudyListing(name, "", TrialCounts(), archived=is_archived(name), fault=str(error))


def _listing(study: StoredStudy) -> StudyListing:
    states, leader = study.state_counts(), study.leader()
    confirmed = confirmed_of(study.user_attrs)
    if confirmed is not None:
        searched = confirmed.search_value
        leader = (confirmed.trial, confirmed.value if searched is None else searched)
    return StudyListing(
        name=study.study_name,
        direction=", ".join(direction.name.lower() for direction in study.directions),
        counts=TrialCounts(
            complete=states.get(StoredState.COMPLETE, 0),
            pruned=states.get(StoredState.PRUNED, 0),
            failed=states.get(StoredState.FAIL, 0),
            running=states.get(StoredState.RUNNING, 0),
            best_trial=None if leader is None else leader[0],
            best_value=None if leader is None else leader[1],
        ),
        archived=is_archived(study.study_name),
        ended_by=(study.user_attrs.get(attributes.ENDED_BY) or {}).get("rule"),
        metric=goals_of(study)[0].metric,
        standard_error=None if leader is None else study.metric_of(leader[0], STANDARD_ERROR),
        traits=StudyTraits.of(study),
        confirmed_value=None if confirmed is None else confirmed.value,
        confirmed_error=None if confirmed is None else confirmed.standard_error,
        target=(study.user_attrs.get(attributes.PLAN) or {}).get("n_trials"),
        run=StoredRun.of(study.user_attrs),
    )


def _not_found(there: tuple[str, ...], url: str, name: str) -> str:
    listed = ", ".join(f"{other} (archived)" if is_archived(other) else other for other in there)
    its_studies = f"its studies: {listed}" if there else "it holds no studies"
    return f"Study {name!r} not found in {shown(url)}; {its_studies}"
