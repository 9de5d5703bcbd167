"""The metrics that a study can maximise or minimise; `market/` computes and defines them."""

from typing import Literal, TypeAlias, get_args

Metric: TypeAlias = Literal[
    "mean_reward", "total_return", "sharpe", "sortino", "max_drawdown", "romad", "win_rate", "turnover", "trades"
]

METRICS: tuple[str, ...] = get_args(Metric)
