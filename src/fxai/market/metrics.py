"""How well a strategy did: the trader's figures, from the returns of its steps and of its trades."""

from dataclasses import asdict, dataclass

import numpy as np

from fxai.market.bars import FloatArray

RATIO_LIMIT = 1000.0  # stands for the infinite ratio of a gain without any loss
_ROUNDING = 1e-12  # of the largest return: a deviation below it is none


@dataclass(frozen=True, slots=True)
class Performance:
    """Figures of one run over one span of bars. All are finite; rates are fractions, not percent."""

    total_return: float  # final equity over first equity, less 1
    sharpe: float  # annualised
    sortino: float  # annualised
    max_drawdown: float  # largest fall of equity from its peak before, 0 to 1
    romad: float  # total return over maximum drawdown
    win_rate: float  # share of closed trades that earned; 0 without trades
    turnover: float  # notional traded over equity, a year
    trades: int  # closed

    def as_metrics(self) -> dict[str, float]:
        """The figures by name, as reports carry them."""
        return {name: float(value) for name, value in asdict(self).items()}


def performance(returns: FloatArray, trade_returns: FloatArray, turnover: float, bars_per_year: float) -> Performance:
    """Measure a run of one step per bar.

    `returns` [step] are the simple returns of equity, costs included; `trade_returns` [trade] the profit
    of each closed trade in any one unit; `turnover` the sum over the run's fills of traded notional over
    equity at the fill. A loss of everything ends the account: equity never falls below zero. A run of no
    steps is flat.
    """
    equity = _equity(returns)
    total, drawdown = float(equity[-1] - 1), max_drawdown(returns)
    years = len(returns) / bars_per_year
    return Performance(
        total_return=total,
        sharpe=sharpe(returns, bars_per_year),
        sortino=sortino(returns, bars_per_year),
        max_drawdown=drawdown,
        romad=_ratio(total, drawdown),
        win_rate=float((trade_returns > 0).mean()) if len(trade_returns) else 0.0,
        turnover=turnover / years if years else 0.0,
        trades=len(trade_returns),
    )


def sharpe(returns: FloatArray, bars_per_year: float) -> float:
    """Mean over sample standard deviation (n - 1) of step returns, times sqrt(bars per year).

    No risk-free rate is taken off. 0 where returns do not vary, or for fewer than two.
    """
    if len(returns) < 2:  # noqa: PLR2004 - one return has no deviation
        return 0.0
    deviation = float(returns.std(ddof=1))
    if deviation <= _ROUNDING * float(np.abs(returns).max()):
        return 0.0
    return float(returns.mean()) / deviation * float(np.sqrt(bars_per_year))


def sortino(returns: FloatArray, bars_per_year: float) -> float:
    """Mean over downside deviation of step returns, times sqrt(bars per year).

    The downside deviation is the square root of the mean, over all steps, of min(return, 0) squared. 0
    where nothing moves; `RATIO_LIMIT` for gains without a loss.
    """
    if not len(returns):
        return 0.0
    downside = float(np.sqrt((np.minimum(returns, 0) ** 2).mean()))
    return _ratio(float(returns.mean()) * float(np.sqrt(bars_per_year)), downside)


def max_drawdown(returns: FloatArray) -> float:
    """Largest fall of equity from its peak before, as a fraction of the peak; the start is a peak too."""
    equity = _equity(returns)
    return float((1 - equity / np.maximum.accumulate(equity)).max())


def _equity(returns: FloatArray) -> FloatArray:
    """Equity [step + 1], from 1; once zero, always zero."""
    return np.cumprod(np.concatenate([[1.0], np.maximum(1 + returns, 0.0)]))


def _ratio(gain: float, risk: float) -> float:
    """Gain over risk within +-RATIO_LIMIT; 0 of nothing gained."""
    if gain == 0:
        return 0.0
    return float(np.clip(gain / risk, -RATIO_LIMIT, RATIO_LIMIT)) if risk > 0 else RATIO_LIMIT
