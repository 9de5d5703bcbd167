"""Track record of signals on a span of dates: that of the portfolio of baskets."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from pydantic import JsonValue

from fxai.market.bars import FloatArray
from fxai.market.news.basket_returns import BasketReturns
from fxai.market.news.baskets import basket_weights
from fxai.market.news.decisions import NewsDecisions
from fxai.market.news.news_market import NewsMarket
from fxai.market.news.signal_scores import ScoringRules, score_signals, signal_matrix
from fxai.market.scores.baselines import figures
from fxai.market.scores.metrics import Performance, equity_of
from fxai.market.scores.track_record import InstrumentTrack, TrackRecord
from fxai.market.splits.splits import Span
from fxai.market.timestamps.calendar import bars_per_year

_OF_INSTRUMENT = ("total_return", "sharpe", "trades", "win_rate")


def basket_track_record(
    decisions: NewsDecisions,
    signals: FloatArray,
    span: Span,
    rules: ScoringRules,
    *,
    split: str,
    made_of: Mapping[str, JsonValue] = MappingProxyType({}),
) -> TrackRecord:
    """The track record of signals as `score_signals` scores them.

    `close` is the equity of an equal share in each instrument without costs. `position` is the sum of the weights that
    are held over the date, short ones negative; `instruments` has the weights of each, if there are several. The
    baselines hold an equal share of each instrument, long or short. Single trades are counted in the metrics and not
    listed.

    Args:
        decisions: Decisions `within` the span.
        signals: The signal of each decision, [decision].
        span: Dates, at least two.
        rules: Baskets and costs, look-ahead and strength.
        split: Name of the span.
        made_of: Origin of the signals.
    """
    market = decisions.market
    returns_of = BasketReturns.of(market, span, rules.baskets)
    weights = basket_weights(signal_matrix(decisions, signals, span), rules.baskets)
    equity = equity_of(returns_of(weights))[1:]
    shares = np.full_like(weights, 1.0 / len(market.names))
    held = {"buy_and_hold": returns_of(shares), "sell_and_hold": returns_of(-shares), "flat": np.zeros(len(equity))}
    curves = {name: equity_of(returns)[1:] for name, returns in held.items()}
    per_year = bars_per_year(market.dates)
    times = np.datetime_as_string(market.dates[span.start + 1 : span.stop], unit="s", timezone="UTC")
    return TrackRecord(
        split=split,
        times=tuple(times.tolist()),
        close=equity_of(returns_of(shares, cost_multiple=0.0))[1:],
        equity=equity,
        position=weights[:-1].sum(axis=1),
        drawdown=1.0 - equity / np.maximum.accumulate(np.maximum(equity, 1.0)),
        trades=(),
        metrics=score_signals(decisions, signals, span, rules).metrics,
        baselines=curves,
        baseline_metrics={name: figures(curve, per_year) for name, curve in curves.items()},
        made_of=dict(made_of),
        instruments=_instruments(market, returns_of, weights) if len(market.names) > 1 else {},
    )


def _instruments(market: NewsMarket, returns_of: BasketReturns, weights: FloatArray) -> Mapping[str, InstrumentTrack]:
    """The instruments with bars in the span."""
    each = zip(market.names, market.bars, weights.T, returns_of.of_each(weights), strict=True)
    return {
        name: InstrumentTrack(weight[:-1], _metrics(steps.performance(bars_per_year(bars.time))))
        for name, bars, weight, steps in each
        if len(steps)
    }


def _metrics(measured: Performance) -> Mapping[str, float]:
    metrics = measured.as_metrics()
    return {name: metrics[name] for name in _OF_INSTRUMENT}
