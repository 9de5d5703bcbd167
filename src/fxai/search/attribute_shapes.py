"""The shapes of what FxAI keeps in attributes, checked as trials and studies are read.

Whoever reads a study afterwards relies on them, so that an edited attribute is found here and not in a report.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fxai.search import attributes
from fxai.search.pbt_history import Exploit
from fxai.search.stored_trial import StoredState, TrialLike
from fxai.spec.reading.transfer_spec import TransferSpec

METRIC_NAMES = "study:metric_names"  # Optuna's own
_LONGEST = 60  # characters of a value in a message
_LARGEST_STEP = 2**63

_Count = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
_Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_Text = Annotated[str, Field(strict=True)]
_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Loose(BaseModel):
    """A mapping of which only some keys are known."""

    model_config = ConfigDict(extra="allow")


class _StoredParameter(_Loose):
    path: _Text | None = None


class _Fingerprint(_Loose):
    parameters: dict[str, _StoredParameter] | None = None
    metric_name: _Text | None = None
    training_config: dict[str, Any] | None = None
    data: dict[str, Any] | None = None


class _EndedBy(_Loose):
    rule: _Text
    reason: _Text


class _Plan(_Loose):
    n_trials: _Count | None = None
    sampler: dict[str, Any] | None = None
    pruner: dict[str, Any] | None = None
    seed: _Count | None = None


_OF_STUDY: Mapping[str, Any] = {
    attributes.FINGERPRINT: _Fingerprint,
    attributes.TRANSFER: TransferSpec | None,
    attributes.PLAN: _Plan,
    attributes.ENDED_BY: _EndedBy | None,
    METRIC_NAMES: list[Annotated[str, Field(strict=True, min_length=1)]],
}
_OF_TRIAL: Mapping[str, Any] = {
    attributes.SEED: _Count,
    attributes.SECONDS: _Amount,
    attributes.DERIVED: dict[_Text, Any],
    attributes.ENV_STEPS: _Amount,
    attributes.STEPS_PER_SECOND: _Amount | None,
    attributes.PEAK_MEMORY: _Amount | None,
    attributes.PEAK_GPU_MEMORY: _Amount | None,
    attributes.CAUSE: _Text,
    attributes.MESSAGE: _Text,
    attributes.TRACEBACK: _Text,
    attributes.INFEASIBLE: list[_Text],
    attributes.TRANSFERRED: _Text,
    attributes.ENQUEUED: _Text,
    attributes.LINEAGE: tuple[Exploit, ...],
    attributes.ATTEMPT: _Count,
    attributes.PUT_BACK: bool,
    attributes.COURSE: list[tuple[_Count, list[float]]],
    attributes.COMPARED: _Count,
    attributes.BOUNDS: list[_Number] | None,
    "fixed_params": dict[str, Any],  # Optuna's own: of a trial that waits
}


def check_study(user_attrs: Mapping[str, Any], system_attrs: Mapping[str, Any], objectives: int) -> None:
    """A `ValueError` names the attribute of a study that is not what FxAI, or Optuna, writes there."""
    if not objectives:
        raise ValueError("it has no direction")
    for attrs in (user_attrs, system_attrs):
        _check(attrs, _OF_STUDY)
    names = system_attrs.get(METRIC_NAMES)
    if names is not None and len(names) != objectives:
        raise ValueError(f"it has {objectives} directions and {len(names)} metrics")


def check_trial(trial: TrialLike, objectives: int) -> None:
    """A `ValueError` names what no trial can hold: its number, values, reports, parameters or attributes."""
    try:
        _check_numbers(trial, objectives)
        _check(trial.user_attrs, _OF_TRIAL)
        _check(trial.system_attrs, _OF_TRIAL)
        for name, amount in trial.system_attrs.items():
            if name.startswith(f"{attributes.BOUNDS}:"):
                _check_one(name, amount, _Number)
    except ValueError as error:
        raise ValueError(f"trial {trial.number!r}: {error}") from None


def check_values(values: Any, objectives: int, state: str) -> None:
    """Those of a trial: as many numbers as there are objectives where it is complete."""
    if state == StoredState.COMPLETE and (values is None or len(values) != objectives):
        raise ValueError(f"it is complete and has {len(values or ())} values of {objectives}")
    if any(not _is_number(value) for value in values or ()):
        raise ValueError(f"its values are {_shown(list(values))}")


def _check_numbers(trial: TrialLike, objectives: int) -> None:
    if not isinstance(trial.number, int) or not 0 <= trial.number < _LARGEST_STEP:
        raise ValueError("is no number of a trial")
    check_values(trial.values, objectives, trial.state.name)
    for step, value in trial.intermediate_values.items():
        if not isinstance(step, int) or not _is_number(value):
            raise ValueError(f"its report at step {_shown(step)} is {_shown(value)}")
    for name in trial.params:
        if not isinstance(name, str):
            raise ValueError(f"a parameter is named {_shown(name)}")  # noqa: TRY004


def _check(attrs: Mapping[str, Any], shapes: Mapping[str, Any]) -> None:
    for name in attrs.keys() & shapes.keys():
        _check_one(name, attrs[name], shapes[name])


def _check_one(name: str, value: Any, shape: Any) -> None:
    try:
        _adapter(shape).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (name, *first["loc"])))
        raise ValueError(f"the attribute {place} is {_shown(first['input'])}, not what belongs there") from None


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
