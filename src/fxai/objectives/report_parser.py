"""Parses what the user's code reports of its trial: reports and a last value, as Python values or lines of JSON."""

import json
import math
from collections.abc import Mapping
from typing import Any

from fxai.protocol import (
    Outcome,
    Report,
    TrialFailedError,
    TrialRequest,
    bounded_metrics,
    failed,
    number_of,
    shown,
    step_of,
    wrong_step,
)
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.score import SCORE, with_score

_VALUE, _STEP = "value", "step"


def parse_line(line: bytes, request: TrialRequest) -> Report | Outcome:
    """`{"step": 3, "value": 0.5, "loss": 0.1}` is a report, without a step it is the trial's outcome.

    The study's metric may stand for `value`; what else there is are further metrics. Fails for a line that is no
    mapping in JSON and for an outcome without a number as value.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise failed(f"a report must be a line of JSON, not {_shown(line)}") from None
    if not isinstance(fields, dict):
        raise failed(f'a report must be a mapping, as {{"step": 1, "value": 0.5}}, not {_shown(line)}')
    return report_of(fields.pop(_STEP), fields, request) if _STEP in fields else _outcome_of(fields, request)


def report_of(step: object, fields: Mapping[str, object], request: TrialRequest) -> Report:
    """A report of that step. It is passed over if the step is not a step, or if the value is not a number."""
    number = step_of(step, request.most_step)
    try:
        outcome = _outcome_of(fields, request)
    except TrialFailedError as error:
        flaw = wrong_step(step, request.most_step) if number is None else f"{error}, at step {number}"
        return Report(request.number, number or 0, math.nan, flaw=flaw, passed_over=True)
    if number is None:
        flaw = wrong_step(step, request.most_step)
        return Report(request.number, 0, outcome.value, outcome.metrics, flaw=flaw, passed_over=True)
    return Report(request.number, number, outcome.value, outcome.metrics, flaw=outcome.flaw)


def outcome_of(returned: object, last: Report | None, request: TrialRequest) -> Outcome:
    """What a function returned: a number, a mapping of metrics, a tuple, or nothing after reports.

    A tuple holds the value and a mapping of metrics, or a value for each of the study's objectives. Nothing stands
    for the last report, even for one that was passed over, as long as it has a value.

    Fails for all else.
    """
    match returned:
        case None if last is not None and last.passed_over and math.isnan(last.value):
            raise failed(f"the trial ended without a value: {last.flaw}")
        case None if last is not None:
            return Outcome(last.value, last.metrics)
        case None:
            raise failed("the objective returned nothing and reported nothing; return the trial's value")
        case Mapping():
            return _outcome_of(returned, request)
        case (value,) | (value, None):
            return Outcome(_value(value))
        case (value, Mapping() as metrics):
            return _outcome_of({**metrics, _VALUE: value}, request)
        case tuple() | list() if len(returned) == len(request.objectives):
            return _outcome_of(dict(zip(request.objectives, returned, strict=True)), request)
        case tuple() | list():
            wanted = ", ".join(request.objectives) or request.metric
            raise failed(f"the objective returned {len(returned)} values; the study optimises {wanted}")
        case _:
            return Outcome(_value(returned))


def _outcome_of(fields: Mapping[Any, object], request: TrialRequest) -> Outcome:
    """A value and further metrics; metrics that are no numbers are left out."""
    fields = {name if isinstance(name, str) else shown(name): each for name, each in fields.items()}
    metrics, flaw = bounded_metrics(fields)
    if request.metric == SCORE and request.score:
        scored = _scored(metrics, request.score)
        return Outcome(scored.pop(SCORE), scored, flaw)
    key = _VALUE if _VALUE in fields else request.metric
    if key not in fields:
        there = ", ".join(metrics) or "nothing"
        raise failed(f"there is no {_VALUE!r} and no {request.metric!r} in what was reported: {there}")
    value = _value(fields[key], key)
    metrics.pop(key, None)
    if request.score:
        metrics = _scored({**metrics, request.metric: value}, request.score)
    return Outcome(value, metrics, flaw)


def _scored(metrics: Mapping[str, float], formula: str) -> dict[str, float]:
    try:
        return with_score(metrics, formula)
    except ExpressionError as error:
        raise failed(str(error)) from None


def _value(value: object, name: str = _VALUE) -> float:
    number = number_of(value)
    if number is None:
        raise failed(f"{name} must be a number, not {shown(value)}")
    return number


def _shown(line: bytes) -> str:
    return shown(line.decode(errors="replace").strip())
