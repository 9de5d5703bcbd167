"""What a column must not know: returns and ranges of the next bars, each with the share that is suspicious."""

from dataclasses import dataclass

import numpy as np

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.lagged_regressors import log_range, trailing_mean

_SHARPE = 4.0  # yearly, before costs
_LEAST_SHARE = 0.02  # of a return, for bars so short that a Sharpe ratio of 4 needs less
_MOST_SHARE = 0.5
_RANGE_SHARE = 0.12
_HORIZONS = (1, 4, 24)
_LEADS = range(2, 13)  # later bars whose single returns are targets, as of rows that are hours too early
FARTHEST = _HORIZONS[-1] + 1  # bars after a bar that its targets use, at most
_VOLATILITY_BARS = 48
_LEAST_RETURN = 1e-6
_CLIP = 4.0  # standard deviations


@dataclass(frozen=True, slots=True)
class Target:
    """A quantity of later bars."""

    name: str  # the end of: explains 5 % of the variance of ...
    values: FloatArray  # [bar]; NaN where the later bars do not exist
    threshold: float  # share of its variance, above which a column is suspicious
    horizon: int = 1  # number of bars over which it is measured; targets of consecutive bars overlap


def next_bars(bars: Bars, bars_per_year: float) -> tuple[Target, ...]:
    """Quantities of later bars.

    They are the returns from the next open over 1, 4 and 24 bars (a position that is ordered at the close earns them),
    the single returns from the 2nd to the 12th next open, the return to the next close, the logarithm of the next bar's
    range, its mean over the next 24 bars, and the logarithm of their volatility. Returns are divided by the volatility
    of the last 48 bars and clipped.

    The threshold of a return over h bars is 16 h / bars_per_year, at least 0.02 and at most 0.5: a position
    proportional to a forecast that explains the share s of a return has a yearly Sharpe ratio of
    sqrt(s bars_per_year / h) before costs, and 4 is more than an honest column gives. The threshold of ranges and
    volatility is 0.12, because honest columns, such as a calendar of announcements or implied volatility, explain them.
    """
    log_open, log_close = np.log(bars.open), np.log(bars.close)
    volatility = _volatility(log_close)
    found = []
    for horizon in _HORIZONS:
        change = _ahead(log_open, 1 + horizon) - _ahead(log_open, 1)
        scaled = _scaled(change, volatility, horizon)
        found.append(Target(_of_open(horizon), scaled, _threshold(horizon, bars_per_year), horizon))
    for lead in _LEADS:
        scaled = _scaled(_ahead(log_open, lead + 1) - _ahead(log_open, lead), volatility, 1)
        found.append(
            Target(f"the return from the open {lead} bars later to the next", scaled, _threshold(1, bars_per_year))
        )
    to_close = _scaled(_ahead(log_close, 1) - log_close, volatility, 1)
    found.append(Target("the return to the next close", to_close, _threshold(1, bars_per_year)))
    found.append(Target("the range of the next bar", _ahead(log_range(bars), 1), _RANGE_SHARE))
    count = _HORIZONS[-1]
    ranges = _ahead(trailing_mean(log_range(bars), count), count)
    found.append(Target(f"the mean range of the next {count} bars", ranges, _RANGE_SHARE, count))
    size = _ahead(_log_volatility(log_close, count), count)
    found.append(Target(f"the volatility of the next {count} bars", size, _RANGE_SHARE, count))
    return tuple(found)


def _of_open(horizon: int) -> str:
    return "the next return, open to open" if horizon == 1 else f"the return over the next {horizon} bars, open to open"


def _threshold(horizon: int, bars_per_year: float) -> float:
    return min(max(_SHARPE**2 * horizon / bars_per_year, _LEAST_SHARE), _MOST_SHARE)


def _ahead(values: FloatArray, bars: int) -> FloatArray:
    """Values of a later bar; NaN where it does not exist."""
    shifted = np.full_like(values, np.nan)
    shifted[: len(values) - bars] = values[bars:]
    return shifted


def _volatility(log_close: FloatArray) -> FloatArray:
    """Standard deviation of the returns of the last 48 bars, not below a fifth of its median."""
    change = np.diff(log_close, prepend=log_close[:1])
    volatility = np.sqrt(trailing_mean(change**2, _VOLATILITY_BARS))
    typical = float(np.nanmedian(volatility)) if np.isfinite(volatility).any() else 0.0
    floored: FloatArray = np.fmax(np.nan_to_num(volatility, nan=typical), max(0.2 * typical, 1e-12))
    return floored


def _log_volatility(log_close: FloatArray, window: int) -> FloatArray:
    """Logarithm of the root of the mean squared return of the last bars."""
    change = np.diff(log_close, prepend=log_close[:1])
    squares: FloatArray = 0.5 * np.log(trailing_mean(change**2, window) + _LEAST_RETURN**2)
    return squares


def _scaled(change: FloatArray, volatility: FloatArray, horizon: int) -> FloatArray:
    scaled: FloatArray = np.clip(change / (volatility * np.sqrt(horizon)), -_CLIP, _CLIP)
    return scaled
