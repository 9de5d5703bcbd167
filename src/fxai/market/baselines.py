"""Strategies that take one position and keep it: what an agent has to be better than."""

from collections.abc import Mapping

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.dataset import Market
from fxai.market.metrics import performance
from fxai.spec.fields.env_config import EnvConfig

_LONG, _SHORT = 1, -1
_OF_TRADES = ("win_rate", "turnover", "trades")


def baselines(market: Market, first: int, last: int, env: EnvConfig) -> Mapping[str, FloatArray]:
    """The equity at the ends of the bars `first`..`last` of strategies that trade at the first open, if at all."""
    held = {"buy_and_hold": hold(market, first, last, env, _LONG)}
    if env.allow_short:
        held["sell_and_hold"] = hold(market, first, last, env, _SHORT)
    return {**held, "flat": np.ones(last + 1 - first)}


def hold(market: Market, first: int, last: int, env: EnvConfig, side: int) -> FloatArray:
    """The equity [bar] of a position that is opened at the open of `first` and closed at the close of `last`.

    By the rules of `simulator.py`, but for the drawdown limit, which does not end it; equity that is lost is gone.
    """
    bars = slice(first, last + 1)
    entry = fill_price(market, first, market.open[first], side, env)
    close = market.close[bars]
    units = side * env.position_size / entry
    rate = env.swap_long_rate if side > 0 else env.swap_short_rate
    swap = np.cumsum(rate * np.abs(units) * close * market.nights[bars])
    equity: FloatArray = 1.0 - env.commission_rate * env.position_size + units * (close - entry) - swap
    exit_price = fill_price(market, last, close[-1], -side, env)
    equity[-1] += units * (exit_price - close[-1]) - env.commission_rate * abs(units) * exit_price
    return np.where(np.minimum.accumulate(equity) > 0, equity, 0.0)


def figures(equity: FloatArray, bars_per_year: float) -> Mapping[str, float]:
    """Of an equity [bar] that began with 1: those figures of `metrics.Performance` that need no trades."""
    before = np.concatenate([[1.0], equity[:-1]])
    returns = np.divide(equity - before, before, out=np.zeros_like(equity), where=before > 0)
    measured = performance(returns, np.empty(0), 0.0, bars_per_year).as_metrics()
    return {name: value for name, value in measured.items() if name not in _OF_TRADES}


def fill_price(market: Market, bar: int, price: float, side: int, env: EnvConfig) -> float:
    """What a purchase (`side` 1) or a sale (-1) at a bar's open or close really costs or brings."""
    half_spread = env.spread / 2 if market.spread is None else market.spread[bar] / 2 / market.open[bar]
    return float(price * (1.0 + side * (half_spread + env.slippage_rate)))
