"""Performance metrics of a strategy, from the returns of its steps and trades."""

from dataclasses import asdict, dataclass

import numpy as np

from fxai.market.bars import FloatArray

RATIO_LIMIT = 100.0
"""Bound of the ratios of gain and risk. The ratios are floored by a typical return too, see `typical_return`."""
ROUNDING = 1e-12  # share of the largest return; a smaller deviation counts as 0

OF_TRADES = ("win_rate", "turnover", "trades")
"""The metrics that are computed from trades and fills; the others are computed from the returns of steps."""


@dataclass(frozen=True, slots=True)
class Performance:
    """Metrics of one run over one span of bars. All are finite; rates are fractions, not percent."""

    total_return: float  # final equity / initial equity - 1
    sharpe: float  # annualized
    sortino: float  # annualized
    max_drawdown: float  # largest fall of equity from its previous peak, 0 to 1
    romad: float  # total return / maximum drawdown
    win_rate: float  # share of closed trades with a profit; 0 without trades
    turnover: float  # traded notional / equity, per year
    trades: int  # number of closed trades

    def as_metrics(self) -> dict[str, float]:
        """The metrics by name, as in reports."""
        return {name: float(value) for name, value in asdict(self).items()}


def performance(returns: FloatArray, trades: int, won: int, turnover: float, bars_per_year: float) -> Performance:
    """Metrics of a run with one step per bar.

    A total loss ends the account: equity never falls below zero. A run without steps has a return of 0.

    Args:
        returns: Simple returns of equity after costs, [step].
        trades: Number of closed trades.
        won: Number of closed trades with a profit.
        turnover: Sum over fills of traded notional / equity at the fill.
        bars_per_year: For annualized metrics.
    """
    equity = equity_of(returns)
    total, drawdown = float(equity[-1] - 1), max_drawdown(returns)
    years = len(returns) / bars_per_year
    return Performance(
        total_return=total,
        sharpe=sharpe(returns, bars_per_year),
        sortino=sortino(returns, bars_per_year),
        max_drawdown=drawdown,
        romad=_ratio(total, max(drawdown, typical_return(returns))),
        win_rate=won / trades if trades else 0.0,
        turnover=turnover / years if years else 0.0,
        trades=trades,
    )


def sharpe(returns: FloatArray, bars_per_year: float) -> float:
    """Mean / sample standard deviation (n - 1) of step returns, times sqrt(bars per year).

    There is no risk-free rate. 0 if returns do not vary, or with fewer than two.
    """
    if len(returns) < 2:  # noqa: PLR2004 - one return has no deviation
        return 0.0
    deviation = float(returns.std(ddof=1))
    if deviation <= ROUNDING * float(np.abs(returns).max()):
        return 0.0
    return float(returns.mean()) / deviation * float(np.sqrt(bars_per_year))


def sortino(returns: FloatArray, bars_per_year: float) -> float:
    """Mean / downside deviation of step returns, times sqrt(bars per year), within +-RATIO_LIMIT.

    The downside deviation is the square root of the mean over all steps of min(return, 0) squared. It is at least the
    one that a single loss of the typical size would make (`typical_return`). 0 if all returns are 0.
    """
    if not len(returns):
        return 0.0
    return _ratio(float(returns.mean()) * float(np.sqrt(bars_per_year)), downside_deviation(returns))


def downside_deviation(returns: FloatArray) -> float:
    """The downside deviation of `sortino`, with its floor."""
    floor = typical_return(returns) / float(np.sqrt(len(returns)))
    return max(float(np.sqrt((np.minimum(returns, 0) ** 2).mean())), floor)


def typical_return(returns: FloatArray) -> float:
    """Mean absolute return of the steps whose return is not 0; 0 if there is none.

    It is the least drawdown, and the least single loss, that ratios of gain and risk assume. Otherwise a short span
    without a loss would have an unbounded ratio, and would decide the mean over several spans or seeds alone.
    """
    moves = np.abs(returns[returns != 0])
    return float(moves.mean()) if len(moves) else 0.0


def max_drawdown(returns: FloatArray) -> float:
    """Largest fall of equity from its previous peak, as a fraction of the peak; the initial equity counts as a peak."""
    equity = equity_of(returns)
    return float((1 - equity / np.maximum.accumulate(equity)).max())


def equity_of(returns: FloatArray) -> FloatArray:
    """Equity [step + 1], from 1; it stays 0 once it is 0."""
    return np.cumprod(np.concatenate([[1.0], np.maximum(1 + returns, 0.0)]))


def _ratio(gain: float, risk: float) -> float:
    """Gain / risk within +-RATIO_LIMIT; 0 if the gain is 0."""
    if gain == 0:
        return 0.0
    return float(np.clip(gain / risk, -RATIO_LIMIT, RATIO_LIMIT)) if risk > 0 else RATIO_LIMIT
