"""The metrics that a study of `fx_trading` can maximise or minimise; `market/` computes and defines them.

`mean_reward` is the mean reward of a step on the validation split, and `val_loss` the same with its sign turned, for
those who are used to minimising: what has the least loss has the most reward.
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

SYNONYMS = {  # as others call them
    "cumulative_return": "total_return",
    "sharpe_ratio": "sharpe",
    "sortino_ratio": "sortino",
}
LOSSES = frozenset({"val_loss", "max_drawdown", "turnover"})  # of which less is better
DEFAULT_METRIC = "mean_reward"
FRACTIONS = frozenset({"total_return", "max_drawdown", "win_rate"})  # people read them as percent
CUSTOM_METRIC = "value"  # of an objective of the user's own, which may call it anything


class Metrics(dict[str, Any]):
    """Metrics by the names under which they are stored, each found under a synonym too."""

    def __missing__(self, name: str) -> Any:
        meant = metric_in(self, name)
        if meant == name:
            raise KeyError(name)
        return self[meant]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(metric_in(self, name) if isinstance(name, str) else name)

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(metric_in(self, name), default)


def metric_in(known: Collection[str], name: str) -> str:
    """The name among those that are known: as it is, or what it is a synonym of."""
    return name if name in tuple(known) else SYNONYMS.get(name, name)


def reported_metric(name: str, reported: Collection[str] = METRICS) -> str:
    """The canonical name of a metric of `fx_trading`.

    Raises:
        ValueError: The metric is not in `reported`.
    """
    canonical = SYNONYMS.get(name, name)
    if canonical not in reported:
        suggestion = did_you_mean(canonical, METRICS) or "."
        raise ValueError(f"fx_trading has no metric {canonical!r}{suggestion} It reports {', '.join(METRICS)}")
    return canonical
