"""Trials of a database, without a need to import Optuna."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Protocol

from fxai.protocol import ParamValue


class StoredState(StrEnum):
    """Optuna's states of a trial, as in its tables."""

    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAIL = "FAIL"
    WAITING = "WAITING"

    def is_finished(self) -> bool:
        return self not in {StoredState.RUNNING, StoredState.WAITING}


class TrialLike(Protocol):
    """Attributes that Optuna's `FrozenTrial` and `StoredTrial` have in common."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> Enum: ...
    @property
    def values(self) -> Sequence[float] | None: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def user_attrs(self) -> Mapping[str, Any]: ...
    @property
    def system_attrs(self) -> Mapping[str, Any]: ...
    @property
    def intermediate_values(self) -> Mapping[int, float]: ...
    @property
    def datetime_start(self) -> datetime | None: ...
    @property
    def datetime_complete(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class StoredTrial:
    """A trial with all its data, under Optuna's names; times are local, as in Optuna."""

    number: int
    state: StoredState
    values: Sequence[float] | None
    params: Mapping[str, ParamValue]
    user_attrs: Mapping[str, Any]
    system_attrs: Mapping[str, Any]
    intermediate_values: Mapping[int, float]
    datetime_start: datetime | None
    datetime_complete: datetime | None


def state_of(trial: TrialLike) -> StoredState:
    """State of a trial of either class."""
    return StoredState[trial.state.name]
