"""The columns of tables with a row of scores each."""

from collections.abc import Mapping

from fxai.metric_text import number_text

_METRICS = ("total_return", "sharpe", "max_drawdown", "trades")
SCORE_HEADINGS = tuple(name.replace("_", " ") for name in _METRICS)


def score_cells(metrics: Mapping[str, float]) -> list[str]:
    """The texts under `SCORE_HEADINGS`; empty for a metric that is absent."""
    return [number_text(name, metrics[name], trading=True) if name in metrics else "" for name in _METRICS]
