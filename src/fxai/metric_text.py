"""Formats values of metrics: with the standard error if there is one, and shares as percent.

Every metric value on a terminal, on a page, in a log and in a notebook is formatted here. Files for other programs
(JSON, CSV, the database) have the stored numbers, with shares as fractions.
"""

import math
from collections.abc import Collection, Mapping, Sequence

from fxai.formatting import PLAIN_BELOW, figure
from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.spec.search.metrics import FRACTIONS, SYNONYMS

_PERCENT = ".2~%"  # of plotly: at most two decimals
_ERROR = "_error"  # ends the name of a metric's own standard error
_MOST_DECIMALS = 8


def number_text(name: str, value: float, error: float | None = None, *, trading: bool) -> str:
    """A value of a metric, `1.07 ± 0.35 %`.

    Args:
        name: The metric.
        value: Its value, as it is stored.
        error: The value's standard error; None if there is none.
        trading: Whether FxAI measured the metric. The meaning of a metric of custom code is not known, so its value
            is never formatted as a share.
    """
    if not is_percent(name, trading=trading):
        return _estimate(value, error)
    return f"{_estimate(100 * value, None if error is None else 100 * error)} %"


def difference_text(name: str, difference: float, error: float | None = None, *, trading: bool) -> str:
    """A difference between two values of a metric; in percentage points if the values are in percent."""
    return number_text(name, difference, error, trading=trading).replace(" %", " percentage points")


def is_percent(name: str, *, trading: bool) -> bool:
    """Whether values of the metric are formatted as percent."""
    return trading and SYNONYMS.get(name, name) in FRACTIONS


def metric_names(metrics: Collection[str]) -> Sequence[str]:
    """The names of the metrics, without those of standard errors."""
    errors = {f"{name}{_ERROR}" for name in metrics} | {STANDARD_ERROR, SEED_ERROR, MARKET_ERROR}
    return [name for name in metrics if name not in errors]


def metric_text(metrics: Mapping[str, float], name: str, *, value_of: str, trading: bool) -> str:
    """One of a trial's metrics with its standard error; empty if the trial does not have the metric.

    `value_of` is the metric of the study, whose error is the trial's standard error.
    """
    value = metrics.get(name)
    if value is None:
        return ""
    error = metrics.get(f"{name}{_ERROR}")
    if error is None and name == value_of:
        error = metrics.get(STANDARD_ERROR)
    return number_text(name, value, error, trading=trading)


def metric_texts(metrics: Mapping[str, float], *, value_of: str, trading: bool) -> dict[str, str]:
    """All metrics of a trial by name, each with its standard error."""
    return {name: metric_text(metrics, name, value_of=value_of, trading=trading) for name in metric_names(metrics)}


def axis_format(name: str, *, trading: bool) -> dict[str, str]:
    """The settings of a plotly axis for the ticks and the hover values of a metric."""
    return {"tickformat": _PERCENT, "hoverformat": _PERCENT} if is_percent(name, trading=trading) else {}


def _estimate(value: float, standard_error: float | None) -> str:
    """A value, with its standard error if there is one, both to the error's second digit: `0.00342 ± 0.00021`."""
    if standard_error is None:
        return figure(value)
    if not (standard_error > 0 and math.isfinite(value) and math.isfinite(standard_error)):
        return f"{figure(value)} ± {figure(standard_error)}"
    decimals = max(1 - math.floor(math.log10(standard_error)), 0)
    if decimals > _MOST_DECIMALS or max(abs(value), standard_error) >= PLAIN_BELOW:
        return f"{figure(value)} ± {standard_error:.2g}"
    return f"{value:.{decimals}f} ± {standard_error:.{decimals}f}"
