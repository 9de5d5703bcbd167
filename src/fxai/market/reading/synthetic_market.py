"""Generated markets with a known best policy: one with a profitable pattern, one without a pattern.

They are used as any other bars. An agent without a profit on the first does not learn. An agent with a profit after
costs on the second uses future prices.
"""

import hashlib

import numpy as np

from fxai.market.bars import Bars, FloatArray

_VOLATILITY = 1e-3  # of one bar's log return, similar to one hour of EURUSD
_WICK = 3e-4  # mean distance of high and low from the body / price
_START = np.datetime64("2017-01-01T00:00", "ns")


def synthetic_market(seed: int, bars: int = 6000, strength: float = 0.5) -> Bars:
    """Hourly bars without gaps, whose log returns are r[t] = strength r[t-1] + e[t] with normal e.

    The standard deviation of r is 0.001. `strength` in (0, 1) is the correlation of consecutive returns; its square is
    the share of the next return's variance that is predictable. At 0.5, a position with the sign of the last return
    earns about 0.0004 per bar and changes in a third of the bars, several times the default costs.
    """
    generator = np.random.default_rng(seed)
    noise = generator.normal(scale=_VOLATILITY * np.sqrt(1 - strength**2), size=bars)
    returns = np.empty(bars)
    returns[0] = generator.normal(scale=_VOLATILITY)
    for t in range(1, bars):
        returns[t] = strength * returns[t - 1] + noise[t]
    close = np.exp(np.cumsum(returns))
    opening = close * np.exp(-returns)
    wicks = generator.exponential(scale=_WICK, size=(2, bars))
    return Bars(
        name=f"planted_1h:{seed}",
        content_hash=_hash(returns.tobytes(), wicks.tobytes()),
        time=_START + np.arange(bars) * np.timedelta64(1, "h"),
        open=opening,
        high=np.maximum(opening, close) * np.exp(wicks[0]),
        low=np.minimum(opening, close) * np.exp(-wicks[1]),
        close=close,
    )


def synthetic_positions(bars: Bars) -> FloatArray:
    """The best target position [bar] before costs: the sign of the last log return."""
    return np.sign(np.diff(np.log(bars.close), prepend=np.log(bars.open[0])))


def shuffled(bars: Bars, seed: int) -> Bars:
    """The bars in random order with the original timestamps, without drift.

    The gap before a bar, its body, wicks, volume and spread are moved together. The mean log return is subtracted from
    the gaps, so that holding a position earns nothing.
    """
    order = np.random.default_rng(seed).permutation(np.arange(1, len(bars)))
    rows = np.concatenate([[0], order])
    previous_close = np.concatenate([bars.open[:1], bars.close[:-1]])
    drift = np.log(bars.close[-1] / bars.close[0]) / (len(bars) - 1)
    gap = np.log(bars.open / previous_close) - drift
    gap[0] = 0.0
    body = np.log(bars.close / bars.open)
    close = bars.open[0] * np.exp(np.cumsum((gap + body)[rows]))
    opening = close * np.exp(-body[rows])
    scale = opening / bars.open[rows]
    return Bars(
        name=f"{bars.name} shuffled by {seed}",
        content_hash=_hash(bars.content_hash.encode(), order.tobytes()),
        time=bars.time,
        open=opening,
        high=bars.high[rows] * scale,
        low=bars.low[rows] * scale,
        close=close,
        volume=None if bars.volume is None else bars.volume[rows],
        spread=None if bars.spread is None else bars.spread[rows] * scale,
    )


def _hash(*parts: bytes) -> str:
    """A hash of numbers before any `exp` or `log`, whose last digit depends on the processor."""
    return hashlib.sha256(b"".join(parts)).hexdigest()
