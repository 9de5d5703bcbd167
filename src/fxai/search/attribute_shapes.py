"""Checks the types of FxAI's attributes when trials and studies are read, so that edited attributes are found early."""

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


class _LastRun(_Loose):
    pid: _Count
    host: _Text
    start: _Text
    end: _Text | None = None
    state: _Text | None = None
    reason: _Text | None = None


class _Bars(_Loose):
    content_hash: _Text
    bars: _Count
    first: _Text
    last: _Text
    seconds: _Number
    test_first: _Text | None = None
    test_bars: _Count = 0
    features: list[_Text] = []
    columns: list[_Text] = []


_OF_STUDY: Mapping[str, Any] = {
    attributes.FINGERPRINT: _Fingerprint,
    attributes.TRANSFER: TransferSpec | None,
    attributes.PLAN: _Plan,
    attributes.ENDED_BY: _EndedBy | None,
    attributes.BARS: _Bars,
    attributes.RUN: _LastRun,
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
    attributes.PBT_HISTORY: tuple[Exploit, ...],
    attributes.ATTEMPT: _Count,
    attributes.RETURNED: bool,
    attributes.OBJECTIVE_HISTORY: list[tuple[_Count, list[float]]],
    attributes.COMPARED: _Count,
    attributes.BOUNDS: list[_Number] | None,
    "fixed_params": dict[str, Any],  # Optuna's attribute of enqueued trials
}


def check_study(user_attrs: Mapping[str, Any], system_attrs: Mapping[str, Any], objectives: int) -> None:
    """Check the attributes of a study.

    Raises:
        ValueError: If an attribute has another type than FxAI or Optuna writes; the message has its name.
    """
    if not objectives:
        raise ValueError("the study has no direction")
    for attrs in (user_attrs, system_attrs):
        _check(attrs, _OF_STUDY)
    names = system_attrs.get(METRIC_NAMES)
    if names is not None and len(names) != objectives:
        raise ValueError(f"the study has {objectives} directions and {len(names)} metric names")


def check_trial(trial: TrialLike, objectives: int) -> None:
    """Check the number, values, reports, parameters and attributes of a trial.

    Raises:
        ValueError: If one of them is not valid; the message has its name.
    """
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
    """Check the values of a trial: numbers, one per objective if the trial is complete."""
    if state == StoredState.COMPLETE and (values is None or len(values) != objectives):
        raise ValueError(f"the trial is complete with {len(values or ())} of {objectives} values")
    if any(not _is_number(value) for value in values or ()):
        raise ValueError(f"the values must be numbers, not {_shown(list(values))}")


def _check_numbers(trial: TrialLike, objectives: int) -> None:
    if not isinstance(trial.number, int) or not 0 <= trial.number < _LARGEST_STEP:
        raise ValueError("the trial number is not valid")
    check_values(trial.values, objectives, trial.state.name)
    for step, value in trial.intermediate_values.items():
        if not isinstance(step, int) or not _is_number(value):
            raise ValueError(f"the report at step {_shown(step)} is {_shown(value)}")
    for name in trial.params:
        if not isinstance(name, str):
            raise ValueError(f"the parameter name {_shown(name)} is not a text")  # noqa: TRY004


def _check(attrs: Mapping[str, Any], shapes: Mapping[str, Any]) -> None:
    for name in attrs.keys() & shapes.keys():
        _check_one(name, attrs[name], shapes[name])


def _check_one(name: str, value: Any, shape: Any) -> None:
    try:
        _adapter(shape).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (name, *first["loc"])))
        raise ValueError(f"the attribute {place} is {_shown(first['input'])}, which is not valid") from None


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
