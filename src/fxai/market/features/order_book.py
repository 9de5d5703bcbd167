"""Built-in features of order-book snapshots, computed from a snapshot and earlier ones only."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.spec.fields.order_book_config import OrderBookConfig

_SAME_PRICE = 1e-9  # share of a price, below which two prices are equal: distances are rounded


def order_book_features(bars: Bars, config: OrderBookConfig) -> Iterator[tuple[str, FloatArray]]:
    """Yields the features of an order book by name, [bar] each; NaN where earlier bars are missing.

    With m the midpoint; b and a the distances of best bid and ask from it as fractions of m (b below 0), so that their
    prices are m(1 + b) and m(1 + a); B_i and A_i the notional of level i of bids and asks:

    - `book_spread`: a - b
    - `book_imbalance_d`: (B - A) / (B + A), with B and A the sums over the best d levels; from -1 (asks only) to 1.
      Cartea, Donnelly and Jaimungal (2018), "Enhancing trading strategies with order book signals", Applied
      Mathematical Finance 25(1), with volumes of several levels.
    - `book_microprice`: (q_b a + q_a b) / (q_b + q_a), the weighted mid-price minus m as a fraction of m, where the
      sizes are q_b = B_0 / (1 + b) and q_a = A_0 / (1 + a). Stoikov (2018), "The micro-price: a high-frequency
      estimator of future prices", Quantitative Finance 18(12), which calls it the weighted mid-price.
    - `book_order_flow_w`: sum of e over the last w bars / sum of its absolute parts, with the event
      e[t] = B_0[t] if the best bid did not fall - B_0[t-1] if it did not rise
      - A_0[t] if the best ask did not rise + A_0[t-1] if it did not fall. The first line is the part of bids, the
      second that of asks. Cont, Kukanov and Stoikov (2014), "The price impact of order book events", Journal of
      Financial Econometrics 12(1), the definition of order flow imbalance; here with notionals, and divided by the
      absolute parts, so that it is from -1 to 1.
    - `book_cancel_flow_w`: (cancelled asks - cancelled bids) / (both), sums of notionals over the last w bars and the
      levels up to the largest of `depths`. Above 0 more of the supply was withdrawn. It is one of the parts into which
      Cont, Kukanov and Stoikov (2014) divide order flow (limit orders, cancellations, market orders).
    - `book_market_flow_w`: (buys - sells) / (buys + sells), sums over the last w bars: the trade imbalance of Cont,
      Kukanov and Stoikov (2014), divided by the traded notional.
    - `book_volatility_w`: square root of the sum of squared log returns of the midpoint over the last w bars, the
      realized volatility of Andersen, Bollerslev, Diebold and Labys (2003), "Modeling and forecasting realized
      volatility", Econometrica 71(2). It is `volatility_w` times the square root of w.

    A ratio is 0 where its denominator is 0. With `data.resample` the book of a bar is its last snapshot, and what was
    cancelled or traded is summed over the snapshots of the bar.

    Raises:
        DataError: If the bars have no order book.
    """
    if not config.has_features:
        return
    if not bars.book:
        raise DataError(
            f"{bars.name}: data.features.order_book needs order-book snapshots, and the data have bars; remove "
            "data.features.order_book, or name a file of snapshots as data.source"
        )
    book = bars.book
    bid, ask = book["bids_distance_0"], book["asks_distance_0"]
    if config.spread:
        yield "book_spread", ask - bid
    for depth in config.depths:
        bids, asks = (_of_levels(book, f"{side}_notional", depth) for side in ("bids", "asks"))
        yield f"book_imbalance_{depth}", _ratio(bids - asks, bids + asks)
    if config.microprice:
        sizes = book["bids_notional_0"] / (1 + bid), book["asks_notional_0"] / (1 + ask)
        yield "book_microprice", _ratio(sizes[0] * ask + sizes[1] * bid, sizes[0] + sizes[1])
    yield from _flows(bars, config)
    returns = np.append(np.nan, np.diff(np.log(bars.close)))
    for window in config.volatility_windows:
        yield f"book_volatility_{window}", np.sqrt(_trailing_sum(returns**2, window))


def _flows(bars: Bars, config: OrderBookConfig) -> Iterator[tuple[str, FloatArray]]:
    book = bars.book
    if config.order_flow_windows:
        of_bids = _queue_change(bars.close * (1 + book["bids_distance_0"]), book["bids_notional_0"], better=1)
        of_asks = _queue_change(bars.close * (1 + book["asks_distance_0"]), book["asks_notional_0"], better=-1)
        for window in config.order_flow_windows:
            net, gross = of_bids - of_asks, np.abs(of_bids) + np.abs(of_asks)
            yield f"book_order_flow_{window}", _share(net, gross, window)
    if config.cancel_flow_windows:
        bids, asks = (_of_levels(book, f"{side}_cancel_notional", config.levels) for side in ("bids", "asks"))
        for window in config.cancel_flow_windows:
            yield f"book_cancel_flow_{window}", _share(asks - bids, asks + bids, window)
    for window in config.market_flow_windows:
        buys, sells = book["buys"], book["sells"]
        yield f"book_market_flow_{window}", _share(buys - sells, buys + sells, window)


def _of_levels(book: Mapping[str, FloatArray], kind: str, levels: int) -> FloatArray:
    """Sum over the best levels, [bar]."""
    return np.asarray(np.sum([book[f"{kind}_{level}"] for level in range(levels)], axis=0), np.float64)


def _queue_change(price: FloatArray, notional: FloatArray, *, better: int) -> FloatArray:
    """What was added to the best level of a side, or removed from it; NaN in the first bar.

    Args:
        price: Price of the best level, [bar].
        notional: Its notional, [bar].
        better: 1 if a higher price is better, as for bids; -1 for asks.
    """
    moved = better * np.diff(price) / price[1:]
    added = np.where(moved >= -_SAME_PRICE, notional[1:], 0.0)
    removed = np.where(moved <= _SAME_PRICE, notional[:-1], 0.0)
    return np.append(np.nan, added - removed)


def _share(net: FloatArray, gross: FloatArray, window: int) -> FloatArray:
    return _ratio(_trailing_sum(net, window), _trailing_sum(gross, window))


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The ratio, 0 where the denominator is 0, and NaN where it is NaN."""
    out = np.where(np.isnan(denominator), np.nan, 0.0)
    ratio: FloatArray = np.divide(numerator, denominator, out=out, where=denominator > 0)
    return ratio


def _trailing_sum(values: FloatArray, window: int) -> FloatArray:
    """Sum of the last `window` values, each summed separately, so that a sum depends on no earlier value."""
    total = np.full_like(values, np.nan)
    if len(values) >= window:
        total[window - 1 :] = sliding_window_view(values, window).sum(axis=1)
    return total
