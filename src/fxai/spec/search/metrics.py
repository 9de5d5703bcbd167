"""Names of the metrics that `fx_trading` reports. `market/` defines and computes them.

`mean_reward` is the mean reward per step on the validation split, and `val_loss` its negative.
"""

from collections.abc import Collection
from typing import Any, Literal, TypeAlias, get_args

from fxai.spec.fields.suggestion import did_you_mean

Metric: TypeAlias = Literal[
    "mean_reward",
    "val_loss",
    "total_return",
    "sharpe",
    "sortino",
    "max_drawdown",
    "romad",
    "win_rate",
    "turnover",
    "trades",
]

METRICS: tuple[str, ...] = get_args(Metric)

SYNONYMS = {  # names in other libraries
    "cumulative_return": "total_return",
    "sharpe_ratio": "sharpe",
    "sortino_ratio": "sortino",
}
LOSSES = frozenset({"val_loss", "max_drawdown", "turnover"})  # less is better
_OF_RETURNS = frozenset({"total_return", "sharpe", "sortino", "romad"})
DEFAULT_METRIC = "mean_reward"
FRACTIONS = frozenset({"total_return", "max_drawdown", "win_rate"})  # shown as percent
CUSTOM_METRIC = "value"  # default metric of a custom objective


class Metrics(dict[str, Any]):
    """Metrics by their stored names. A lookup by a synonym finds them too."""

    def __missing__(self, name: str) -> Any:
        meant = metric_in(self, name)
        if meant == name:
            raise KeyError(name)
        return self[meant]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(metric_in(self, name) if isinstance(name, str) else name)

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(metric_in(self, name), default)


def value_of_doing_nothing(metric: str, hold_penalty_per_step: float = 0.0) -> float | None:
    """Returns the value of an agent of `fx_trading` that never trades; None for a metric of no profit or loss.

    Args:
        metric: The metric.
        hold_penalty_per_step: Of the reward that scores the trials, the only term of an account without a trade.
    """
    name = SYNONYMS.get(metric, metric)
    if name in _OF_RETURNS:
        return 0.0
    return {"mean_reward": 0.0 - hold_penalty_per_step, "val_loss": hold_penalty_per_step}.get(name)


def metric_in(known: Collection[str], name: str) -> str:
    """Returns the known name for a metric: the name itself, or the name of which it is a synonym."""
    return name if name in tuple(known) else SYNONYMS.get(name, name)


def reported_metric(name: str, reported: Collection[str] = METRICS) -> str:
    """Returns the canonical name of a metric of `fx_trading`.

    Raises:
        ValueError: The metric is not in `reported`.
    """
    canonical = SYNONYMS.get(name, name)
    if canonical not in reported:
        suggestion = did_you_mean(canonical, METRICS) or "."
        raise ValueError(f"fx_trading has no metric {canonical!r}{suggestion} It reports {', '.join(METRICS)}")
    return canonical
