"""Where the weights of a population's member came from, as its trial keeps it.

Optuna's own parameters of a trial are those that it began with and never change; what it went on with from
which step stands in its lineage.
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
    """What became of a donor's parameter."""

    KEPT = "kept"
    PERTURBED = "perturbed"
    RESAMPLED = "resampled"


@dataclass(frozen=True, slots=True)
class Exploit:
    """A member went on from another's weights, under changed parameters."""

    step: int  # updates that the weights had had
    donor: int  # the trial whose weights they were
    before: Params  # the member's own
    params: Params
    changes: Mapping[str, Change]  # of the donor's parameters, by their names

    def as_json(self) -> dict[str, JsonValue]:
        return {**asdict(self), "changes": {name: change.value for name, change in self.changes.items()}}


_LINEAGE: TypeAdapter[tuple[Exploit, ...]] = TypeAdapter(tuple[Exploit, ...])


def pbt_history_of(user_attrs: Mapping[str, Any]) -> tuple[Exploit, ...]:
    """A trial's exploits, the first first, from its user attributes; none for most trials."""
    return _LINEAGE.validate_python(user_attrs.get(attributes.LINEAGE, ()))


def latest_params(trial: TrialLike) -> dict[str, ParamValue]:
    """The parameters that a trial trains with, or ended with."""
    lineage = pbt_history_of(trial.user_attrs)
    return dict(lineage[-1].params if lineage else trial.params)
