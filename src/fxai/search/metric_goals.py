"""The objectives of a stored study."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from fxai.search import attributes
from fxai.spec.search.metric_goals import Goal

_UNNAMED = "value"


class StudyLike(Protocol):
    """Attributes that Optuna's `Study` and `StoredStudy` have in common."""

    @property
    def study_name(self) -> str: ...
    @property
    def directions(self) -> Sequence[Enum]: ...
    @property
    def metric_names(self) -> Sequence[str] | None: ...
    @property
    def user_attrs(self) -> Mapping[str, Any]: ...


def goals_of(study: StudyLike) -> tuple[Goal, ...]:
    """Metric and direction of each objective, in the order of the trials' values."""
    directions = ["minimize" if each.name == "MINIMIZE" else "maximize" for each in study.directions]
    names = study.metric_names or [_UNNAMED, *(f"{_UNNAMED}_{place}" for place in range(2, len(directions) + 1))]
    written = [{"metric": name, "direction": way} for name, way in zip(names, directions, strict=False)]
    return tuple(Goal.model_validate(each) for each in written)


def first_goal(study: StudyLike) -> int:
    """Index of the main objective; 0 if it is unknown."""
    stored_fingerprint = study.user_attrs.get(attributes.FINGERPRINT)
    names = [goal.metric for goal in goals_of(study)]
    first = stored_fingerprint.get("metric_name") if isinstance(stored_fingerprint, dict) else None
    return names.index(first) if first in names else 0


def is_trading(study: StudyLike) -> bool:
    """Whether FxAI measures the metrics of a stored study: of its agents, or of positions that a function returns."""
    stored = study.user_attrs.get(attributes.FINGERPRINT)
    return isinstance(stored, dict) and "data" in stored
