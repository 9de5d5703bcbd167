"""Exploits of population based training, as trials store them.

Optuna's parameters of a trial never change. Later parameters of the trial, and the steps from which they apply, are in
its exploits.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import JsonValue, TypeAdapter

from fxai.protocol import ParamValue
from fxai.search import attributes
from fxai.search.stored_trial import TrialLike

Params: TypeAlias = Mapping[str, ParamValue]


class Change(StrEnum):
    """How a parameter of the donor was changed."""

    KEPT = "kept"
    PERTURBED = "perturbed"
    RESAMPLED = "resampled"


@dataclass(frozen=True, slots=True)
class Exploit:
    """A trial continued from another trial's weights with changed parameters."""

    step: int  # number of updates of the weights
    donor: int  # trial that the weights are from
    before: Params  # the trial's parameters before
    params: Params
    changes: Mapping[str, Change]  # by parameter name

    def as_json(self) -> dict[str, JsonValue]:
        return {**asdict(self), "changes": {name: change.value for name, change in self.changes.items()}}


_HISTORY: TypeAdapter[tuple[Exploit, ...]] = TypeAdapter(tuple[Exploit, ...])


def pbt_history_of(user_attrs: Mapping[str, Any]) -> tuple[Exploit, ...]:
    """A trial's exploits in order, from its user attributes; empty for most trials."""
    return _HISTORY.validate_python(user_attrs.get(attributes.PBT_HISTORY, ()))


def latest_params(trial: TrialLike) -> dict[str, ParamValue]:
    """The parameters that a trial trains with now, or trained with last."""
    history = pbt_history_of(trial.user_attrs)
    return dict(history[-1].params if history else trial.params)
