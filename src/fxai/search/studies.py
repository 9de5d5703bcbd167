"""A look at the studies of a storage, for commands and results. It writes nothing and makes no file."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import optuna
from optuna.samplers import RandomSampler
from optuna.study._frozen import FrozenStudy
from optuna.trial import TrialState

from fxai.errors import StudyNotFoundError
from fxai.search import attributes
from fxai.search.storage import WriteBehindStorage
from fxai.search.study import Counts

_ARCHIVED = re.compile(r".+~[1-9]\d*")


@dataclass(frozen=True, slots=True)
class StudySummary:
    """One study of a storage."""

    name: str
    direction: str  # "maximize" or "minimize"; both, with a comma, for a study of several objectives
    counts: Counts
    archived: bool  # set aside by --fresh
    ended_by: str | None = None  # the stop rule by its key


def study_names(url: str) -> tuple[str, ...]:
    """The studies that a storage holds, the oldest first."""
    with _looking(url) as storage:
        return tuple(study.study_name for study in storage.get_all_studies())


def summaries(url: str) -> tuple[StudySummary, ...]:
    """The studies that a storage holds with their counts, the oldest first, without reading their trials.

    Raises `StorageError` if there is no such database.
    """
    with _looking(url) as storage:
        return tuple(_summary(storage, study) for study in storage.get_all_studies())


def load_study(url: str, name: str) -> optuna.Study:
    """A study with all its trials in memory, to look at.

    Raises `StudyNotFoundError` if the storage has none of that name, and `StorageError` if there is no
    such database.
    """
    with _looking(url) as storage:
        try:
            study = optuna.load_study(study_name=name, storage=storage, sampler=RandomSampler())
        except KeyError:
            raise StudyNotFoundError(_not_found(storage, url, name)) from None
        study.get_trials(deepcopy=False)  # reads them; looking at them later needs the database no more
        return study


def is_archived(name: str) -> bool:
    """Whether --fresh has set this study aside."""
    return _ARCHIVED.fullmatch(name) is not None


@contextmanager
def _looking(url: str) -> Iterator[WriteBehindStorage]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what it says would run into a command's output
    storage = WriteBehindStorage(url, create=False)
    try:
        yield storage
    finally:
        storage.close()


def _summary(storage: WriteBehindStorage, study: FrozenStudy) -> StudySummary:
    states, leader = storage.standing(storage.get_study_id_from_name(study.study_name))
    return StudySummary(
        name=study.study_name,
        direction=", ".join(direction.name.lower() for direction in study.directions),
        counts=Counts(
            complete=states.get(TrialState.COMPLETE, 0),
            pruned=states.get(TrialState.PRUNED, 0),
            failed=states.get(TrialState.FAIL, 0),
            running=states.get(TrialState.RUNNING, 0),
            best_trial=None if leader is None else leader[0],
            best_value=None if leader is None else leader[1],
        ),
        archived=is_archived(study.study_name),
        ended_by=(study.user_attrs.get(attributes.ENDED_BY) or {}).get("rule"),
    )


def _not_found(storage: WriteBehindStorage, url: str, name: str) -> str:
    there = [study.study_name for study in storage.get_all_studies()]
    listed = ", ".join(f"{other} (archived)" if is_archived(other) else other for other in there)
    return f"Study {name!r} not found in {url}; " + (f"its studies: {listed}" if there else "it holds no studies")
