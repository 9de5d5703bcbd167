"""What code of the user's own says of its trial: reports and a last value, as Python values or lines of JSON."""

import json
import math
from collections.abc import Mapping
from typing import Any

from fxai.spec.expression import ExpressionError
from fxai.spec.score import SCORE, with_score
from fxai.trial import Outcome, Report, TrialRequest, failed

_SHOWN = 120
_VALUE, _STEP = "value", "step"


def parse_line(line: bytes, request: TrialRequest) -> Report | Outcome:
    """`{"step": 3, "value": 0.5, "loss": 0.1}` is a report, without a step it is the trial's outcome.

    The study's metric may stand for `value`; what else there is are further metrics. Fails for all else.
    """
    try:
        said = json.loads(line)
    except ValueError:
        raise failed(f"a report must be a line of JSON, not {_shown(line.decode(errors='replace'))}") from None
    if not isinstance(said, dict):
        raise failed(f'a report must be a mapping, as {{"step": 1, "value": 0.5}}, not {_shown(line.decode())}')
    return report_of(said.pop(_STEP), said, request) if _STEP in said else _outcome_of(said, request)


def report_of(step: object, said: Mapping[str, object], request: TrialRequest) -> Report:
    """A report of that step; fails for what is no step or no number."""
    number = _number(_STEP, step)
    if not number.is_integer() or number < 0:
        raise failed(f"a report's step must be a whole number from 0 on, not {step!r}")
    outcome = _outcome_of(said, request)
    return Report(request.number, int(number), outcome.value, outcome.metrics)


def outcome_of(returned: object, last: Report | None, request: TrialRequest) -> Outcome:
    """What a function returned: a number, a mapping of metrics, a tuple, or nothing after reports.

    A tuple holds the value and a mapping of metrics, or a value for each of the study's objectives.

    Fails for all else.
    """
    match returned:
        case None if last is not None:
            return Outcome(last.value, last.metrics)
        case None:
            raise failed("the objective returned nothing and reported nothing; return the trial's value")
        case Mapping():
            return _outcome_of(returned, request)
        case (value,) | (value, None):
            return Outcome(_number(_VALUE, value))
        case (value, Mapping() as metrics):
            return _outcome_of({**metrics, _VALUE: value}, request)
        case tuple() | list() if len(returned) == len(request.objectives):
            return _outcome_of(dict(zip(request.objectives, returned, strict=True)), request)
        case tuple() | list():
            wanted = ", ".join(request.objectives) or request.metric
            raise failed(f"the objective returned {len(returned)} values; the study optimises {wanted}")
        case _:
            return Outcome(_number(_VALUE, returned))


def _outcome_of(said: Mapping[Any, object], request: TrialRequest) -> Outcome:
    told = {str(name): _number(str(name), each) for name, each in said.items()}
    if request.metric == SCORE and request.score:
        scored = _scored(told, request.score)
        return Outcome(scored.pop(SCORE), scored)
    key = _VALUE if _VALUE in told else request.metric
    if key not in told:
        there = ", ".join(told) or "nothing"
        raise failed(f"there is no {_VALUE!r} and no {request.metric!r} in what was reported: {there}")
    value = told.pop(key)
    return Outcome(value, told if not request.score else _scored({**told, request.metric: value}, request.score))


def _scored(told: Mapping[str, float], formula: str) -> dict[str, float]:
    try:
        return with_score(told, formula)
    except ExpressionError as error:
        raise failed(str(error)) from None


def _number(name: str, value: object) -> float:
    """Python's own number of whatever is one, NumPy's and torch's included."""
    if value is None or isinstance(value, bool | str | bytes):
        raise failed(f"{name} must be a number, not {value!r}")
    try:
        return float(value)  # type: ignore[arg-type]  # what has no number raises
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        raise failed(f"{name} must be a number, not {_shown(repr(value))}") from None


def _shown(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
