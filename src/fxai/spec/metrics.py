"""The metrics that a study of `fx_trading` can maximise or minimise; `market/` computes and defines them.

`mean_reward` is the mean reward of a step on the validation split, and `val_loss` the same with its sign turned, for
those who are used to minimising: what has the least loss has the most reward.
"""

from typing import Literal, TypeAlias, get_args

from fxai.spec.suggestion import did_you_mean

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

SYNONYMS = {"sharpe_ratio": "sharpe", "sortino_ratio": "sortino"}  # as others call them
LOSSES = frozenset({"val_loss", "max_drawdown", "turnover"})  # of which less is better
DEFAULT_METRIC = "mean_reward"
OWN_METRIC = "value"  # of an objective of the user's own, which may call it anything


def unknown_metric(name: str) -> str:
    """What to say of a metric that `fx_trading` does not report."""
    return f"fx_trading has no metric {name!r}{did_you_mean(name, METRICS) or '.'} It reports {', '.join(METRICS)}"
