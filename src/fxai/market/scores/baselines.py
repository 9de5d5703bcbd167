"""Baseline strategies that open one position and hold it, for comparison with an agent."""

from collections.abc import Mapping

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.markets.dataset import Market
from fxai.market.rules.book import with_book
from fxai.market.rules.fills import settle
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rule_records import Account
from fxai.market.rules.rules import advance, rules_of
from fxai.market.scores.metrics import OF_TRADES, performance
from fxai.spec.fields.env_config import EnvConfig

_LONG, _SHORT = 1, -1


def baselines(market: Market, first: int, last: int, env: EnvConfig) -> Mapping[str, FloatArray]:
    """Equity of each baseline at the end of the bars `first`..`last`; a position is opened at the first open."""
    curves = {"buy_and_hold": hold(market, first, last, env, _LONG)}
    if env.allowed_positions[0] < 0:
        curves["sell_and_hold"] = hold(market, first, last, env, _SHORT)
    return {**curves, "flat": np.ones(last + 1 - first)}


def hold(market: Market, first: int, last: int, env: EnvConfig, side: int) -> FloatArray:
    """Equity [bar] of a position that is opened at the open of `first` and closed at the close of `last`.

    The position ends early only if all equity is lost. Stops and margin do not apply to it.
    """
    table, account = QuoteTable.of_market(market), Account()
    rules = rules_of(env.without_exits(), has_spread=table.has_spread, instrument=table.instrument)
    quotes = table.between(first, last)
    equity = np.zeros(len(quotes))
    for place, quote in enumerate(quotes):
        if table.book is not None and rules.largest_units > 0:
            quote = with_book(quote, table.book, first + place, account, rules, side)  # noqa: PLW2901
        advance(account, rules, quote, side)
        if place == len(quotes) - 1:
            settle(account, rules, quote)
        if account.equity <= 0:
            break
        equity[place] = account.equity
    return equity


def figures(equity: FloatArray, bars_per_year: float) -> Mapping[str, float]:
    """The metrics of `metrics.Performance` that need no trades, of an equity [bar] that began with 1."""
    measured = performance(returns_of_equity(equity), 0, 0, 0.0, bars_per_year).as_metrics()
    return {name: value for name, value in measured.items() if name not in OF_TRADES}


def returns_of_equity(equity: FloatArray) -> FloatArray:
    """Returns [bar] of an equity [bar] that began with 1; 0 after a total loss."""
    before = np.concatenate([[1.0], equity[:-1]])
    returns: FloatArray = np.divide(equity - before, before, out=np.zeros_like(equity), where=before > 0)
    return returns
