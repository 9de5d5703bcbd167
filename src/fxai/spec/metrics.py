"""The metrics that a study of `fx_trading` can maximise or minimise; `market/` computes and defines them."""

from typing import Literal, TypeAlias, get_args

Metric: TypeAlias = Literal[
    "mean_reward", "total_return", "sharpe", "sortino", "max_drawdown", "romad", "win_rate", "turnover", "trades"
]

METRICS: tuple[str, ...] = get_args(Metric)

DEFAULT_METRIC = "mean_reward"
OWN_METRIC = "value"  # of an objective of the user's own, which may call it anything
