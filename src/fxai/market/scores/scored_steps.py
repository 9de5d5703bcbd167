"""What an agent earned on each bar of a scored span, and what each bar adds to each score.

A score of a span, such as a Sharpe ratio, is a function of all its bars. Its influence function gives one number for
each bar, whose mean is the score and whose variance over bars is, to the first order, the variance of the score (Hampel
1974, Journal of the American Statistical Association 69, p. 383; for the Sharpe ratio Lo 2002, Financial Analysts
Journal 58, p. 36). So the error of every score is the error of a mean over bars, without resampling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.scores.metrics import (
    ROUNDING,
    Performance,
    downside_deviation,
    equity_of,
    performance,
    sharpe,
    typical_return,
)
from fxai.protocol.standard_error import mean

OF_REWARDS = ("mean_reward", "val_loss")
"""The scores that are computed from rewards; the others are computed from returns and trades."""

SCORES = (*OF_REWARDS, *(field.name for field in fields(Performance)))
"""The scores of an agent, by name."""

_RUIN = -1 + 1e-12  # the least return of a bar whose logarithm is taken


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSteps:
    """An agent's steps on the bars of one or more parts of a span, in the order of time. Each array is [bar]."""

    rewards: FloatArray
    returns: FloatArray  # simple returns of equity after costs
    turnover: FloatArray  # traded notional / equity
    closed: FloatArray  # number of trades that were closed
    won: FloatArray  # number of trades that were closed with a profit

    def __len__(self) -> int:
        return len(self.returns)

    def parts(self, lengths: Sequence[int]) -> Sequence["ScoredSteps"]:
        """The steps in parts of these numbers of bars."""
        arrays = (self.rewards, self.returns, self.turnover, self.closed, self.won)
        borders = np.cumsum(lengths)[:-1]
        return [ScoredSteps(*part) for part in zip(*(np.split(array, borders) for array in arrays), strict=True)]

    def performance(self, bars_per_year: float) -> Performance:
        return performance(
            self.returns, int(self.closed.sum()), int(self.won.sum()), float(self.turnover.sum()), bars_per_year
        )

    def influences(self, bars_per_year: float) -> Mapping[str, FloatArray]:
        """For each metric of `Performance`, one number for each bar, [bar]; its mean over bars is the metric."""
        measured, bars = self.performance(bars_per_year), len(self)
        growth = np.log1p(np.maximum(self.returns, _RUIN))
        total = (1 + measured.total_return) * bars * growth
        drawdown = _drawdown_influence(measured.max_drawdown, self.returns, growth)
        influences = {
            "total_return": total,
            "sharpe": _sharpe_influence(self.returns) * np.sqrt(bars_per_year),
            "sortino": _sortino_influence(self.returns) * np.sqrt(bars_per_year),
            "max_drawdown": drawdown,
            "romad": _romad_influence(measured, total, drawdown, typical_return(self.returns)),
            "win_rate": _share_influence(self.won, self.closed),
            "turnover": self.turnover * bars_per_year,
            "trades": self.closed * bars,
        }
        metrics = measured.as_metrics()
        return {name: metrics[name] + each - each.mean() for name, each in influences.items()}


@dataclass(frozen=True, slots=True, eq=False)
class SpanScore:
    """An agent's scores on a span: of the whole span, or the means over parts of the span."""

    metrics: Mapping[str, float]  # `SCORES` by name
    parts: tuple[ScoredSteps, ...]  # in the order of time
    bars_per_year: float

    @classmethod
    def of(cls, steps: ScoredSteps, bars_per_year: float, lengths: Sequence[int] = ()) -> "SpanScore":
        """The score of steps that were made in parts of `lengths` bars; by default in one part."""
        of_parts = tuple(steps.parts(lengths or [len(steps)]))
        scores = [_scores(part, bars_per_year) for part in of_parts]
        whole = len(scores) == 1
        metrics = scores[0] if whole else {name: mean([score[name] for score in scores]) for name in SCORES}
        return cls(metrics, of_parts, bars_per_year)

    @property
    def returns(self) -> FloatArray:
        """Simple returns of all bars, [bar]."""
        return np.concatenate([part.returns for part in self.parts])

    @property
    def rewards(self) -> FloatArray:
        """Rewards of all bars, [bar]."""
        return np.concatenate([part.rewards for part in self.parts])

    def influences(self) -> Mapping[str, FloatArray]:
        """For each of `SCORES`, one number for each bar, [bar]; its mean over bars is the score."""
        of_parts = [part.influences(self.bars_per_year) for part in self.parts]
        names = of_parts[0] if of_parts else ()
        joined = {name: np.concatenate([each[name] for each in of_parts]) for name in names}
        return {"mean_reward": self.rewards, "val_loss": 0.0 - self.rewards, **joined}


def _scores(steps: ScoredSteps, bars_per_year: float) -> dict[str, float]:
    reward = float(steps.rewards.mean())
    return {"mean_reward": reward, "val_loss": 0.0 - reward, **steps.performance(bars_per_year).as_metrics()}


def _sharpe_influence(returns: FloatArray) -> FloatArray:
    """Of mean / standard deviation; a large deviation from the mean also raises the standard deviation."""
    deviation = float(returns.std())
    if sharpe(returns, 1.0) == 0 and deviation <= ROUNDING * float(np.abs(returns).max(initial=0.0)):
        return np.zeros(len(returns))
    scores = (returns - returns.mean()) / deviation
    influence: FloatArray = scores - scores.mean() - float(returns.mean()) / deviation / 2 * (scores**2 - 1)
    return influence


def _sortino_influence(returns: FloatArray) -> FloatArray:
    """Of mean / downside deviation, where the downside deviation is not at its floor."""
    downside = downside_deviation(returns)
    if downside == 0:
        return np.zeros(len(returns))
    influence: FloatArray = returns / downside
    losses = (np.minimum(returns, 0) / downside) ** 2
    if losses.mean() >= 1 - ROUNDING:
        influence = influence - float(returns.mean()) / downside / 2 * losses
    return influence


def _drawdown_influence(drawdown: float, returns: FloatArray, growth: FloatArray) -> FloatArray:
    """Of the largest drawdown, with its peak and its trough at the same bars: each bar between them changes it.

    In another stretch the largest of many falls is another one, which varies less than a given fall. So the error of a
    drawdown is estimated too large rather than too small, by about a half.
    """
    equity = equity_of(returns)
    trough = int(np.argmin(equity / np.maximum.accumulate(equity)))
    peak = int(np.argmax(equity[: trough + 1]))
    falls = np.zeros(len(returns))
    falls[peak:trough] = growth[peak:trough]
    influence: FloatArray = -(1 - drawdown) * len(returns) * falls
    return influence


def _romad_influence(measured: Performance, total: FloatArray, drawdown: FloatArray, floor: float) -> FloatArray:
    """Of total return / drawdown, where the drawdown is not at its floor."""
    risk = max(measured.max_drawdown, floor)
    if risk == 0:
        return np.zeros(len(total))
    of_risk = drawdown if measured.max_drawdown > floor else np.zeros(len(total))
    influence: FloatArray = (total - measured.total_return / risk * of_risk) / risk
    return influence


def _share_influence(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Of sum(part) / sum(whole)."""
    if not whole.sum():
        return np.zeros(len(whole))
    influence: FloatArray = (part - part.sum() / whole.sum() * whole) / whole.mean()
    return influence
