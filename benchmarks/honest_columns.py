"""Columns that use no later bars, for the benchmark of leak tests. Each set is a function from bars to columns."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fxai.market.bars import Bars, FloatArray

Columns = Mapping[str, FloatArray]
HOURS = 24


def closes(bars: Bars) -> pd.Series:
    return pd.Series(bars.close, index=pd.DatetimeIndex(bars.time))


def returns(bars: Bars) -> pd.Series:
    change: pd.Series = np.log(closes(bars)).diff().fillna(0.0)
    return change


def days_of(bars: Bars) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(bars.time).floor("D")


def array(values: Any) -> FloatArray:
    return np.asarray(values, np.float64)


def arrays(columns: Mapping[str, Any]) -> Columns:
    return {name: array(values) for name, values in columns.items()}


def relative_strength(bars: Bars, window: int = 14) -> pd.Series:
    change = returns(bars)
    up = change.clip(lower=0).ewm(alpha=1 / window).mean()
    down = (-change.clip(upper=0)).ewm(alpha=1 / window).mean()
    return (100 * up / (up + down)).fillna(50.0)


def trends(bars: Bars) -> Columns:
    close = closes(bars)
    fast, slow = close.ewm(span=12).mean(), close.ewm(span=26).mean()
    return arrays(
        {
            "moving_average": close.rolling(50).mean(),
            "distance": close / close.rolling(20).mean() - 1,
            "macd": fast - slow,
            "macd_signal": (fast - slow).ewm(span=9).mean(),
            "crossed": np.sign(close.rolling(10).mean() - close.rolling(40).mean()),
        }
    )


def oscillators(bars: Bars) -> Columns:
    close, low, high = closes(bars), pd.Series(bars.low), pd.Series(bars.high)
    lowest, highest = low.rolling(14).min().to_numpy(), high.rolling(14).max().to_numpy()
    stochastic = (close - lowest) / np.where(highest > lowest, highest - lowest, np.inf)
    return arrays(
        {
            "rsi": relative_strength(bars),
            "stochastic": stochastic,
            "stochastic_mean": stochastic.rolling(3).mean(),
            "bollinger": (close - close.rolling(20).mean()) / close.rolling(20).std(),
            "rsi_low": relative_strength(bars) < 30,
        }
    )


def volatilities(bars: Bars) -> Columns:
    change, width = returns(bars), pd.Series(np.log(bars.high / bars.low))
    return arrays(
        {
            "deviation": change.rolling(24).std(),
            "average_range": width.ewm(span=14).mean(),
            "parkinson": np.sqrt((width**2).rolling(48).mean()),
            "exponential": np.sqrt((change**2).ewm(alpha=0.06).mean()),
            "regime": change.rolling(24).std() > change.rolling(240).std(),
            "skewness": change.rolling(96).skew(),
        }
    )


def shapes(bars: Bars) -> Columns:
    """Parts of bars, volume and breakouts."""
    close, width = closes(bars), bars.high - bars.low + 1e-12
    volume = np.ones(len(bars)) if bars.volume is None else bars.volume
    return arrays(
        {
            "body": (bars.close - bars.open) / width,
            "upper_wick": (bars.high - np.maximum(bars.open, bars.close)) / width,
            "breakout": close >= close.rolling(20).max(),
            "streak": np.sign(returns(bars)).rolling(5).sum(),
            "volume": np.log1p(volume),
            "balance": (np.sign(returns(bars)) * volume).rolling(30).sum(),
        }
    )


def calendars(bars: Bars) -> Columns:
    """Known long before: hours, sessions, days to the end of the month, a yearly cycle, announcements."""
    time = pd.DatetimeIndex(bars.time)
    return arrays(
        {
            "hour": time.hour,
            "weekday": time.dayofweek,
            "london": (time.hour >= 7) & (time.hour < 16),
            "to_month_end": time.days_in_month - time.day,
            "season": np.sin(2 * np.pi * time.dayofyear / 365.25),
            "first_friday": (time.dayofweek == 4) & (time.day <= 7) & (time.hour == 13),
        }
    )


def daily(bars: Bars) -> Columns:
    """Daily values, joined with the bars of the day after."""
    close = closes(bars)
    days = close.resample("1D").agg(["first", "max", "min", "last"]).dropna()
    before = days.shift(1).reindex(days_of(bars), method="ffill").set_axis(close.index)
    change = np.log(days["last"]).diff().shift(1).reindex(days_of(bars), method="ffill").to_numpy()
    return arrays(
        {
            "close_before": before["last"],
            "high_before": before["max"],
            "return_before": change,
            "pivot": (before["max"] + before["min"] + before["last"]) / 3,
            "since_open": close / close.groupby(days_of(bars)).transform("first") - 1,
        }
    )


def recursions(bars: Bars) -> Columns:
    """Models that are updated bar by bar, and statistics of all earlier bars."""
    change = returns(bars)
    numbers = change.to_numpy()
    slope, squares, forecast = 0.0, 1e-6, np.zeros(len(bars))
    for t in range(1, len(bars)):
        squares += numbers[t - 1] ** 2
        slope += numbers[t - 1] * (numbers[t] - slope * numbers[t - 1]) / squares
        forecast[t] = slope * numbers[t]
    return arrays(
        {
            "forecast": forecast,
            "expanding_score": (change - change.expanding().mean()) / change.expanding(2).std(),
            "drawdown": closes(bars) / closes(bars).cummax() - 1,
            "place": closes(bars).rolling(200).rank(pct=True),
        }
    )


def noise(bars: Bars, seed: int = 0) -> Columns:
    """Columns that have nothing to do with the bars."""
    rng, count = np.random.default_rng(seed), len(bars)
    return arrays(
        {
            "white": rng.normal(size=count),
            "heavy_tails": rng.standard_t(2, count),
            "slow": pd.Series(rng.normal(size=count)).ewm(span=100).mean(),
            "walk": np.cumsum(rng.normal(size=count)),
            "other_price": bars.close[0] * np.exp(np.cumsum(rng.normal(scale=1e-3, size=count))),
            "codes": rng.integers(0, 5, count),
            "weekly": np.repeat(rng.normal(size=count // 120 + 1), 120)[:count],
        }
    )


def lags(bars: Bars) -> Columns:
    """Values of earlier bars, the last return itself, and its sign: the pattern of the planted markets."""
    change = returns(bars)
    return arrays(
        {
            "last_return": change,
            "pattern": np.sign(change),
            "return_12_before": change.shift(12).fillna(0.0),
            "cubed": change**3,
            "day_return": change.rolling(HOURS).sum(),
            "product": change * change.shift(1).fillna(0.0),
        }
    )


FUNCTIONS: Mapping[str, Callable[[Bars], Columns]] = {
    "trends": trends,
    "oscillators": oscillators,
    "volatilities": volatilities,
    "shapes": shapes,
    "calendars": calendars,
    "daily values": daily,
    "recursions": recursions,
    "lags": lags,
}
