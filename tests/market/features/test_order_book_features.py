"""Features of order books, by their definitions, and that none uses a later snapshot."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.market.features.features import features, names_by_origin
from fxai.market.leaks.changed_bars import cut, with_other_values
from fxai.market.leaks.check_function import check_function
from fxai.market.markets.dataset import prepare_bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.reading import read_bar_frame
from fxai.spec.fields.data_config import DataConfig
from market.random_book import random_book

FRAME = random_book(700)
CONFIG = DataConfig.model_validate(
    {
        "source": "book.csv",
        "features": {
            "order_book": {
                "depths": [1, 3],
                "spread": True,
                "microprice": True,
                "order_flow_windows": [1, 4],
                "cancel_flow_windows": [2],
                "market_flow_windows": [1, 5],
                "volatility_windows": [7],
            },
            "volatility_windows": [7],
        },
    }
)
BARS = read_bar_frame(FRAME, CONFIG).bars
OF_BOOK = [
    "book_spread",
    "book_imbalance_1",
    "book_imbalance_3",
    "book_microprice",
    "book_order_flow_1",
    "book_order_flow_4",
    "book_cancel_flow_2",
    "book_market_flow_1",
    "book_market_flow_5",
    "book_volatility_7",
]


def columns(bars: Bars = BARS) -> Mapping[str, FloatArray]:
    table = features(bars, CONFIG)
    return {name: table.values[:, place] for place, name in enumerate(table.names)}


def test_names_and_origin() -> None:
    table = features(BARS, CONFIG)
    assert [name for name in table.names if name.startswith("book")] == OF_BOOK
    assert names_by_origin(table, BARS, CONFIG) == {"built-in": table.names}


def event(t: int) -> tuple[float, float]:
    """The order flow of snapshot t, bids and asks, in prices on the grid of 0.01."""
    now, before = FRAME.iloc[t], FRAME.iloc[t - 1]
    prices = [
        [round(float(row.midpoint * (1 + row[f"{side}_distance_0"])), 2) for row in (now, before)]
        for side in ("bids", "asks")
    ]
    (bid, bid_before), (ask, ask_before) = prices
    of_bids = now.bids_notional_0 * (bid >= bid_before) - before.bids_notional_0 * (bid <= bid_before)
    of_asks = now.asks_notional_0 * (ask <= ask_before) - before.asks_notional_0 * (ask >= ask_before)
    return of_bids, of_asks


@pytest.mark.parametrize("t", [100, 333, 699])
def test_features_are_what_their_definitions_say(t: int) -> None:
    value = {name: float(each[t]) for name, each in columns().items()}
    row = FRAME.iloc[t]
    assert value["book_spread"] == pytest.approx(row.spread / row.midpoint)
    bids, asks = (sum(row[f"{side}_notional_{level}"] for level in range(3)) for side in ("bids", "asks"))
    assert value["book_imbalance_3"] == pytest.approx((bids - asks) / (bids + asks))
    prices = {side: row.midpoint * (1 + row[f"{side}_distance_0"]) for side in ("bids", "asks")}
    sizes = {side: row[f"{side}_notional_0"] / prices[side] for side in prices}
    weighted = (prices["asks"] * sizes["bids"] + prices["bids"] * sizes["asks"]) / sum(sizes.values())
    assert value["book_microprice"] == pytest.approx(weighted / row.midpoint - 1, abs=1e-12)
    events = [event(each) for each in range(t - 3, t + 1)]
    net, gross = sum(b - a for b, a in events), sum(abs(b) + abs(a) for b, a in events)
    assert value["book_order_flow_4"] == pytest.approx(net / gross)
    last = FRAME.iloc[t - 1 : t + 1]
    cancelled = {
        side: sum(last[f"{side}_cancel_notional_{level}"].sum() for level in range(3)) for side in ("bids", "asks")
    }
    assert value["book_cancel_flow_2"] == pytest.approx(
        (cancelled["asks"] - cancelled["bids"]) / (cancelled["asks"] + cancelled["bids"])
    )
    buys, sells = FRAME.buys[t - 4 : t + 1].sum(), FRAME.sells[t - 4 : t + 1].sum()
    assert value["book_market_flow_5"] == pytest.approx((buys - sells) / (buys + sells) if buys + sells else 0)
    assert value["book_volatility_7"] == pytest.approx(value["volatility_7"] * np.sqrt(7))


@settings(max_examples=20, deadline=None)
@given(first=st.integers(40, 699), seed=st.integers(0, 2**32 - 1))
def test_later_snapshots_change_no_feature(first: int, seed: int) -> None:
    before, after = columns(), columns(with_other_values(BARS, first, len(BARS), seed))
    for name in OF_BOOK:
        np.testing.assert_array_equal(before[name][:first], after[name][:first])
    assert any(before[name][first] != after[name][first] for name in OF_BOOK)


@settings(max_examples=10, deadline=None)
@given(start=st.integers(0, 100), stop=st.integers(200, 700))
def test_features_of_cut_bars_are_the_same(start: int, stop: int) -> None:
    whole, part = columns(), columns(cut(BARS, start, stop))
    for name in OF_BOOK:
        np.testing.assert_array_equal(part[name][24:], whole[name][start + 24 : stop])


def test_the_exact_leak_check_finds_nothing() -> None:
    report = check_function(BARS, columns)
    assert report.findings == ()
    assert set(OF_BOOK) <= set(report.tested)


def test_the_longest_window_holds_the_windows_of_the_book() -> None:
    def longest(**book: list[int]) -> int:
        off: dict[str, list[int]] = {
            f"{kind}s": [] for kind in ("return_horizon", "volatility_window", "momentum_window")
        }
        return DataConfig.model_validate({"features": {**off, "volume": False, "order_book": book}}).longest_window()

    assert longest() == 0
    assert longest(order_flow_windows=[3]) == 3
    assert longest(volatility_windows=[3]) == 3
    assert longest(cancel_flow_windows=[3]) == 2
    assert longest(market_flow_windows=[1, 3]) == 2


def test_a_market_of_snapshots() -> None:
    market = prepare_bars(BARS, CONFIG)
    assert set(OF_BOOK) <= set(market.feature_names)
    assert np.isfinite(market.features).all()
    np.testing.assert_array_equal(market.spread, BARS.spread)
    assert market.bars_per_year == pytest.approx(365.25 * 1440, rel=0.01)


def test_bars_have_no_features_of_order_books() -> None:
    with pytest.raises(DataError, match=r"^eurusd_1h: data\.features\.order_book needs order-book snapshots"):
        features(load_bars(DataConfig()), CONFIG)
