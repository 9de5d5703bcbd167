"""How the metrics of a trial read: each with its standard error where there is one, fractions as percent."""

from collections.abc import Mapping, Sequence

from fxai.formatting import estimate
from fxai.protocol import STANDARD_ERROR
from fxai.results.record import TrialRecord
from fxai.spec.search.metrics import FRACTIONS

_PERCENT = ".2~%"  # of plotly: at most two decimals
_ERROR = "_error"  # ends the name of a metric's own standard error


def metric_names(metrics: Mapping[str, float]) -> Sequence[str]:
    """The metrics without those that are the error of another."""
    errors = {f"{name}{_ERROR}" for name in metrics} | {STANDARD_ERROR}
    return [name for name in metrics if name not in errors]


def metric_text(trial: TrialRecord, name: str, *, value_of: str, trading: bool) -> str:
    """`1.07 ± 0.35 %`; empty where the trial has no such metric.

    Args:
        trial: The trial.
        name: The metric.
        value_of: The metric of the study, whose error is the trial's standard error.
        trading: Whether FxAI measured it. What a metric of the user's own means is not known, so it stays as it is.
    """
    value = trial.metrics.get(name)
    if value is None:
        return ""
    error = trial.metrics.get(f"{name}{_ERROR}")
    if error is None and name == value_of:
        error = trial.standard_error
    return number_text(name, value, error, trading=trading)


def is_percent(name: str, *, trading: bool) -> bool:
    """Whether a metric reads as percent."""
    return trading and name in FRACTIONS


def axis_format(name: str, *, trading: bool) -> dict[str, str]:
    """How the ticks and the hovered values of a plotly axis of a metric read."""
    return {"tickformat": _PERCENT, "hoverformat": _PERCENT} if is_percent(name, trading=trading) else {}


def difference_text(name: str, difference: float, error: float | None, *, trading: bool) -> str:
    """A difference between two values of a metric; of values in percent, in percentage points."""
    return number_text(name, difference, error, trading=trading).replace(" %", " percentage points")


def number_text(name: str, value: float, error: float | None = None, *, trading: bool = True) -> str:
    """A value of a metric; a fraction that FxAI measured in percent."""
    if not is_percent(name, trading=trading):
        return estimate(value, error)
    return f"{estimate(100 * value, None if error is None else 100 * error)} %"
