"""A trial's result as the study stores it: values of the objectives, and user attributes."""

import math
from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from fxai.protocol import Cause, TrialError, TrialResult, TrialState
from fxai.search import attributes
from fxai.search.column_limits import ColumnLimits
from fxai.spec.search.study import StudySpec


def values_of(result: TrialResult, spec: StudySpec) -> list[float] | None:
    """A COMPLETE trial's value of each objective; None for other trials or if a value is missing."""
    if result.state is not TrialState.COMPLETE or result.value is None:
        return None
    return named_values({**result.metrics, spec.metric_name: result.value}, spec)


def named_values(reported: Mapping[str, float], spec: StudySpec) -> list[float] | None:
    """The value of each objective by its name; None if one is missing."""
    values = [reported[goal.metric] for goal in spec.goals if goal.metric in reported]
    return values if len(values) == len(spec.goals) else None


def checked_result(result: TrialResult, spec: StudySpec) -> TrialResult:
    """The result, or a failure if it is COMPLETE without a finite value of each objective."""
    values = values_of(result, spec)
    if result.state is not TrialState.COMPLETE or (values is not None and all(map(math.isfinite, values))):
        return result
    if values is None and result.value is not None:
        missing = [goal.metric for goal in spec.goals if goal.metric not in (*result.metrics, spec.metric_name)]
        error = TrialError(Cause.EXCEPTION, f"the trial returned no {', '.join(missing)}, which the study optimizes")
    else:
        reported = result.value if values is None or len(values) == 1 else values
        error = TrialError(Cause.NOT_FINITE, f"the trial ended with the value {reported}, which is not a finite number")
    return replace(result, state=TrialState.FAIL, value=None, error=error)


def result_attributes(result: TrialResult, limits: ColumnLimits) -> dict[str, JsonValue]:
    """Metrics, usage, derived values and error of a result, as user attributes of its trial."""
    attrs: dict[str, JsonValue] = {
        attributes.SECONDS: result.seconds,
        **({attributes.DERIVED: dict(result.derived)} if result.derived else {}),
        **attributes.usage_attrs(result.usage),
        **result.metrics,
    }
    if result.error is not None:
        attrs[attributes.CAUSE] = result.error.cause.value
        attrs[attributes.MESSAGE] = result.error.message
        if result.error.traceback:
            attrs[attributes.TRACEBACK] = limits.end_of(result.error.traceback)
    return attrs
