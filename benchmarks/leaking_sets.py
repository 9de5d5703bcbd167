"""Columns that use later bars, for the benchmark of leak tests: as functions of bars, and as columns of a file."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from fxai.market.bars import Bars, FloatArray
from honest_columns import array, closes, days_of, relative_strength, returns

Column = Callable[[Bars], FloatArray]


def next_return(bars: Bars) -> FloatArray:
    return array(returns(bars).shift(-1).fillna(0.0))


def noisy_return(bars: Bars) -> FloatArray:
    """The next return with noise of twice its deviation: a fifth of the variance."""
    after = next_return(bars)
    return array(after + 2 * after.std() * np.random.default_rng(5).normal(size=len(bars)))


def next_close(bars: Bars) -> FloatArray:
    return array(closes(bars).shift(-1).ffill())


def strength_of_next(bars: Bars) -> FloatArray:
    """An indicator shifted by one bar in the wrong direction."""
    return array(relative_strength(bars).shift(-1).ffill())


def stochastic_of_next(bars: Bars) -> FloatArray:
    """An indicator of bars that are labelled with their close, joined with bars that are labelled with their open."""
    close = closes(bars)
    low, high = close.rolling(14).min(), close.rolling(14).max()
    return array(((close - low) / (high - low).replace(0, np.inf)).shift(-1).ffill())


def centred_mean(bars: Bars) -> FloatArray:
    return array(closes(bars).rolling(21, center=True, min_periods=1).mean())


def smoothed(bars: Bars) -> FloatArray:
    """The log price without the fast part of its spectrum."""
    log_close = np.log(bars.close)
    line = np.linspace(log_close[0], log_close[-1], len(bars))
    spectrum = np.fft.rfft(log_close - line)
    spectrum[len(bars) // 20 :] = 0
    return array(np.exp(np.fft.irfft(spectrum, len(bars)) + line))


def scaled(bars: Bars) -> FloatArray:
    """An honest indicator, scaled by its mean and deviation over all bars."""
    strength = relative_strength(bars)
    return array((strength - strength.mean()) / strength.std())


def ranked(bars: Bars) -> FloatArray:
    return array(returns(bars).rolling(24).std().rank(pct=True).fillna(0.5))


def filled_backwards(bars: Bars) -> FloatArray:
    """A price known every 12 bars, filled from the later value."""
    close = closes(bars)
    return array(close.where(np.arange(len(bars)) % 12 == 0).bfill().ffill())


def daily_close(bars: Bars) -> FloatArray:
    """The close of the day, joined with all bars of the day."""
    close = closes(bars)
    return array(close.groupby(days_of(bars)).transform("last"))


def daily_return(bars: Bars) -> FloatArray:
    close = closes(bars)
    days = np.log(close.resample("1D").last().dropna()).diff().fillna(0.0)
    return array(days.reindex(days_of(bars)))


def longer_bar(bars: Bars) -> FloatArray:
    """The close of the bar of 12 hours that is not closed."""
    close = closes(bars)
    return array(close.groupby(pd.DatetimeIndex(bars.time).floor("12h")).transform("last"))


def highest_of_day(bars: Bars) -> FloatArray:
    high = pd.Series(bars.high, index=pd.DatetimeIndex(bars.time))
    return array(high.groupby(days_of(bars)).transform("max"))


def label(bars: Bars) -> FloatArray:
    """The direction over the next 12 bars, the label of a classifier."""
    close = closes(bars)
    return array(np.sign(close.shift(-12).ffill() - close))


def encoded(bars: Bars) -> FloatArray:
    """The mean next return of each eight hours of each day of the year: a target encoding fitted on all bars."""
    time = pd.DatetimeIndex(bars.time)
    after = returns(bars).shift(-1).fillna(0.0)
    return array(after.groupby([time.dayofyear, time.hour // 8]).transform("mean"))


def later_volatility(bars: Bars) -> FloatArray:
    """Whether the next 24 bars are more volatile than the last 24."""
    deviation = returns(bars).rolling(24).std()
    return array(deviation.shift(-24).ffill() > deviation)


def next_range(bars: Bars) -> FloatArray:
    return array(pd.Series(np.log(bars.high / bars.low)).shift(-1).ffill())


def swings(bars: Bars) -> FloatArray:
    """The direction between turning points, which are known only after the price has turned."""
    log_close, change = np.log(bars.close), returns(bars)
    turn = 5 * float(change.iloc[:200].std())
    direction, extreme, start, found = 1, 0, 0, np.zeros(len(bars))
    for t in range(1, len(bars)):
        if direction * (log_close[t] - log_close[extreme]) > 0:
            extreme = t
        elif direction * (log_close[extreme] - log_close[t]) > turn:
            found[start:extreme] = direction
            start, extreme, direction = extreme, t, -direction
    found[start:] = direction
    return found


def fitted(bars: Bars) -> FloatArray:
    """The forecast of a regression on lagged returns that is fitted on all bars."""
    change = returns(bars)
    lagged = np.column_stack([change.shift(lag).fillna(0.0) for lag in range(5)])
    weights, *_ = np.linalg.lstsq(lagged, next_return(bars), rcond=None)
    return array(lagged @ weights)


FUNCTIONS: Mapping[str, Column] = {
    "return of the next bar": next_return,
    "indicator, one bar late": strength_of_next,
    "centred moving average": centred_mean,
    "scaled by all bars": scaled,
    "rank among all bars": ranked,
    "filled backwards": filled_backwards,
    "close of the same day": daily_close,
    "target encoding": encoded,
    "turning points": swings,
    "model fitted on all bars": fitted,
}
COLUMNS: Mapping[str, Column] = {
    "next return with noise": noisy_return,
    "close of the next bar": next_close,
    "bars labelled by the close": stochastic_of_next,
    "smoothed price": smoothed,
    "return of the same day": daily_return,
    "longer bar, not closed": longer_bar,
    "high of the same day": highest_of_day,
    "label of a classifier": label,
    "sign of later volatility": later_volatility,
    "range of the next bar": next_range,
}
