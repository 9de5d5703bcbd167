"""Order-book snapshots: how they become bars, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.read_bars import load_bars, read_bars
from fxai.market.reading.reading import read_bar_file, read_bar_frame
from fxai.spec.fields.data_config import DataConfig
from market.random_book import random_book

CONTEST = Path("/work/shared/data/btc_lob_1min.csv")
BOOK = random_book()


def config(**data: Any) -> DataConfig:
    return DataConfig.model_validate({"source": "book.csv", **data})


def read(frame: pd.DataFrame, **data: Any) -> Reading:
    return read_bar_frame(frame, config(**data), "book.csv")


def changed(column: str, row: int, value: float) -> pd.DataFrame:
    """The book with another value in a row, counted from 1."""
    frame = BOOK.copy()
    frame.loc[row - 1, column] = value
    return frame


def refusal(frame: pd.DataFrame, **data: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(frame, **data)
    return str(caught.value)


@pytest.mark.parametrize("index", [True, False], ids=["index without a name", "no index"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_snapshot_is_a_bar(index: bool, suffix: str, tmp_path: Path) -> None:  # noqa: FBT001
    path = tmp_path / f"book.{suffix}"
    frame = BOOK.reset_index(names="") if index else BOOK
    if suffix == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    reading = read_bar_file(path, config())
    bars = reading.bars
    for prices in (bars.open, bars.high, bars.low, bars.close):
        np.testing.assert_array_equal(prices, BOOK["midpoint"])
    assert bars.spread is not None
    np.testing.assert_allclose(bars.spread, BOOK["spread"], rtol=1e-6)
    np.testing.assert_array_equal(bars.volume, BOOK["buys"] + BOOK["sells"])
    assert bars.time[1] == np.datetime64("2024-01-01T00:01")
    assert bars.book == {}
    assert reading.columns == {"time": "system_time", "midpoint": "midpoint", "levels": "3 of each side"}
    assert reading.faults.notes[0].text == (
        "order-book snapshots of 3 levels: a bar is one snapshot, with the midpoint as its prices, the spread of best "
        "bid and ask, buys plus sells as volume"
    )


def test_the_spread_is_that_of_the_book_or_of_the_named_column_or_none() -> None:
    wider = BOOK.assign(spread=BOOK["spread"] * 3, other=BOOK["spread"] + 0.005)
    from_book, named, none = (read(wider, spread_column=each).bars.spread for each in ("auto", "other", None))
    assert from_book is not None
    assert named is not None
    np.testing.assert_allclose(from_book, BOOK["spread"], rtol=1e-6)
    np.testing.assert_allclose(named, BOOK["spread"] + 0.005)
    assert none is None


def test_only_columns_that_features_need_are_kept() -> None:
    features = {"order_book": {"depths": [2], "market_flow_windows": [3]}}
    bars = read(BOOK, features=features).bars
    sides = ("bids", "asks")
    expected = {f"{side}_{kind}" for side in sides for kind in ("distance_0", "notional_0", "notional_1")}
    assert set(bars.book) == expected | {"buys", "sells"}
    np.testing.assert_array_equal(bars.book["asks_notional_1"], BOOK["asks_notional_1"])


def test_longer_bars_have_the_last_book_and_the_sum_of_what_was_traded() -> None:
    book = {"depths": [1], "cancel_flow_windows": [1], "market_flow_windows": [1]}
    bars = read(BOOK, resample="5min", features={"order_book": book}).bars
    groups = BOOK.groupby(np.arange(len(BOOK)) // 5)
    np.testing.assert_array_equal(bars.open, groups["midpoint"].first())
    np.testing.assert_array_equal(bars.high, groups["midpoint"].max())
    np.testing.assert_array_equal(bars.close, groups["midpoint"].last())
    assert bars.spread is not None
    np.testing.assert_allclose(bars.spread, groups["spread"].first(), rtol=1e-6)
    np.testing.assert_array_equal(bars.book["bids_notional_0"], groups["bids_notional_0"].last())
    np.testing.assert_allclose(bars.book["asks_cancel_notional_0"], groups["asks_cancel_notional_0"].sum())
    np.testing.assert_allclose(bars.book["buys"], groups["buys"].sum())


def test_rows_may_be_in_any_order_and_repeated() -> None:
    rows = np.random.default_rng(1).permutation(np.append(np.arange(len(BOOK)), [5, 6]))
    features = {"order_book": {"depths": [3]}}
    shuffled, plain = (read(frame, features=features) for frame in (BOOK.iloc[rows], BOOK))
    np.testing.assert_array_equal(shuffled.bars.time, plain.bars.time)
    for name, values in plain.bars.book.items():
        np.testing.assert_array_equal(shuffled.bars.book[name], values)
    assert shuffled.faults.duplicates_dropped == 2


def test_two_books_of_one_time() -> None:
    other_price = pd.concat([BOOK, BOOK.iloc[[4]].assign(midpoint=60.0)])
    assert refusal(other_price).startswith("book.csv: rows 5 and 301 have the time 2024-01-01 00:04:00 UTC")
    other_book = pd.concat([BOOK, BOOK.iloc[[4]].assign(bids_notional_0=1.5)])
    reading = read(other_book, features={"order_book": {"depths": [1]}})
    assert reading.bars.book["bids_notional_0"][4] == 1.5
    assert "bids_notional_0" in next(note.text for note in reading.faults.notes if note.subject == "repeated times")


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("bids_distance_0", 1e-5, "bids_distance_0 is above 0, and bids are below the midpoint"),
        ("bids_distance_0", -1.0, "bids_distance_0 is -1 or less, and distances are fractions of the midpoint"),
        ("asks_distance_0", -1e-6, "asks_distance_0 is below 0, and asks are above the midpoint"),
        ("asks_distance_0", -0.5, "the best bid is above the best ask (bids_distance_0 and asks_distance_0)"),
        ("bids_distance_2", -1e-9, "bids_distance_2 is nearer to the midpoint than bids_distance_1"),
        ("asks_distance_0", 0.5, "asks_distance_1 is nearer to the midpoint than asks_distance_0"),
        ("bids_distance_1", np.nan, "bids_distance_1 is empty"),
        ("asks_notional_2", np.nan, "asks_notional_2 is empty"),
        ("bids_notional_1", -1.0, "bids_notional_1 is negative"),
        ("asks_cancel_notional_0", -0.1, "asks_cancel_notional_0 is negative"),
        ("sells", -5.0, "sells is negative"),
        ("buys", np.nan, "buys is empty"),
        ("midpoint", np.nan, "midpoint is empty"),
        ("midpoint", 0.0, "midpoint must be above zero"),
    ],
)
def test_invalid_rows_are_refused_or_dropped(column: str, value: float, text: str) -> None:
    frame = changed(column, 8, value)
    assert refusal(frame) == (
        f"book.csv: {text} in row 8; correct or remove the rows, or set data.clean.invalid to drop"
    )
    reading = read(frame, clean={"invalid": "drop"})
    assert len(reading.bars) == len(BOOK) - 1
    assert any(note.text == f"{text}; the row is not used" and note.first_rows == (8,) for note in reading.faults.notes)


def test_a_cell_that_is_no_number() -> None:
    frame = BOOK.astype({"bids_notional_0": object})
    frame.loc[3, "bids_notional_0"] = "many"
    assert refusal(frame) == "book.csv: bids_notional_0 is 'many', not a finite number in row 4"


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        (["bids_notional_1"], "bids_notional_1"),
        (["asks_distance_2", "bids_notional_0"], "asks_distance_2, bids_notional_0"),
        (["asks_cancel_notional_2"], "asks_cancel_notional_2"),
        (["system_time"], "system_time"),
        (
            [name for name in map(str, BOOK) if name.startswith("asks_distance")],
            "asks_distance_0, asks_distance_1, asks",
        ),
    ],
)
def test_missing_columns(left_out: list[str], missing: str) -> None:
    assert refusal(BOOK.drop(columns=left_out)).startswith(f"book.csv: the order book has no column {missing}")


def test_the_format_asks_for_the_columns_of_a_book() -> None:
    bars = pd.DataFrame({"time": BOOK["system_time"], **dict.fromkeys(("open", "high", "low", "close"), 1.0)})
    text = refusal(bars, format="order_book")
    assert text.startswith("book.csv: the order book has no column midpoint, bids_distance_0")
    assert len(read(BOOK, format="order_book").bars) == len(BOOK)
    assert "no column for open" in refusal(BOOK, columns={"open": "midpoint"}).replace("an order book has ", "")


def test_kinds_of_a_level_that_no_feature_needs_may_be_absent() -> None:
    small = BOOK[[name for name in BOOK if "cancel" not in name and name not in ("buys", "sells")]]
    bars = read(small).bars
    assert bars.volume is None
    assert len(bars) == len(BOOK)
    assert refusal(small, features={"order_book": {"cancel_flow_windows": [1]}}) == (
        "book.csv: data.features.order_book.cancel_flow_windows needs the columns bids_cancel_notional_0, "
        "asks_cancel_notional_0, which the file does not have; remove it"
    )


def test_depths_beyond_the_levels() -> None:
    assert refusal(BOOK, features={"order_book": {"depths": [1, 4]}}) == (
        "book.csv: data.features.order_book.depths has 4, but the order book has 3 levels; use depths of at most 3"
    )


def test_all_columns_as_features_are_those_that_are_not_of_the_book() -> None:
    bars = read(BOOK.assign(funding=0.5), features={"columns": "all"}).bars
    assert set(bars.columns) == {"funding"}
    assert set(read(BOOK, features={"columns": ["bids_notional_2"]}).bars.columns) == {"bids_notional_2"}


def test_the_named_set_has_the_spread_of_its_book_and_the_prices_of_its_bars() -> None:
    books, bars = (load_bars(config(source=source)) for source in ("btcusd_book_1m", "btcusd_1m"))
    assert bars.spread is None
    assert books.spread is not None
    assert (books.spread > 0).all()
    minute = np.timedelta64(1, "m")
    np.testing.assert_array_equal(books.time, bars.time[: len(books)] + minute)
    assert (np.abs(books.close - bars.close[: len(books)]) <= books.spread).all()
    without = read_bars(config(source="btcusd_book_1m", spread_column=None))
    assert without.bars.spread is None
    assert "the midpoint as its prices, no spread, buys" in without.faults.notes[0].text


@pytest.mark.skipif(not CONTEST.exists(), reason="needs the contest's data")
def test_a_file_of_the_contest() -> None:
    bars = read_bar_file(CONTEST, config(features={"order_book": {"depths": [1, 5, 15]}})).bars
    raw = pd.read_csv(CONTEST)
    assert len(bars) == 600
    assert bars.spread is not None
    np.testing.assert_allclose(bars.spread, raw["spread"], atol=1e-5)
    np.testing.assert_array_equal(bars.book["asks_notional_14"], raw["asks_notional_14"])
