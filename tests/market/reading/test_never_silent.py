"""No change of a file's rows gives other bars without a message."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.reading.reading import read_bar_file
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.timestamps.calendar import find_gaps
from fxai.spec.fields.data_config import CleanConfig, DataConfig

COUNT = 80
KNOWN = synthetic_market(seed=3, bars=COUNT)
PRICES = ["open", "high", "low", "close"]
HOURS = pd.date_range("2023-01-02", periods=COUNT, freq="h")
RULES = st.sampled_from(
    [CleanConfig(), CleanConfig(invalid="drop", repeated="drop", weekends="drop", stale="drop", spikes="drop")]
)
ROW = st.integers(0, COUNT - 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


def table() -> pd.DataFrame:
    prices = {name: getattr(KNOWN, name).round(5) for name in PRICES}
    return pd.DataFrame({"time": HOURS.astype(str), **prices, "volume": np.arange(1.0, COUNT + 1)})


def assert_same_or_said(frame: pd.DataFrame, rules: CleanConfig, folder: Path) -> None:
    """Check that a changed table gives the bars of the unchanged one, or a message."""
    frame.to_csv(folder / "bars.csv", index=False)
    try:
        reading = read_bar_file(folder / "bars.csv", DataConfig(clean=rules))
    except DataError:
        return
    bars, whole = reading.bars, table()
    is_same = np.array_equal(bars.time, HOURS.to_numpy()) and all(
        np.array_equal(getattr(bars, name), whole[name]) for name in [*PRICES, "volume"]
    )
    gaps = find_gaps(bars.time)
    assert is_same or reading.faults.notes or gaps.weekends + gaps.others


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(COUNT)), rules=RULES)
def test_permutations(order: list[int], rules: CleanConfig, folder: Path):
    assert_same_or_said(table().iloc[order], rules, folder)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=20),
    column=st.sampled_from([None, *PRICES, "volume"]),
    order=st.randoms(use_true_random=False),
    rules=RULES,
)
def test_duplications(rows: list[int], column: str | None, order: Any, rules: CleanConfig, folder: Path):
    again = table().iloc[rows]
    if column is not None:
        again = again.assign(**{column: again[column] * 1.0001})
    both = pd.concat([table(), again])
    places = list(range(len(both)))
    order.shuffle(places)
    assert_same_or_said(both.iloc[places], rules, folder)


@settings(max_examples=60, deadline=None)
@given(rows=st.sets(st.integers(1, COUNT - 2), min_size=1, max_size=25), rules=RULES)
def test_gaps(rows: set[int], rules: CleanConfig, folder: Path):
    assert_same_or_said(table().drop(index=sorted(rows)), rules, folder)


@settings(max_examples=80, deadline=None)
@given(
    begin=ROW,
    length=st.integers(1, COUNT),
    factor=st.sampled_from([0.001, 0.01, 0.1, 10, 100, 1000, 100_000]),
    rules=RULES,
)
def test_units_of_prices(begin: int, length: int, factor: float, rules: CleanConfig, folder: Path):
    frame = table()
    rows = slice(begin, min(begin + length, COUNT) - 1)
    if rows == slice(0, COUNT - 1):  # the unit of all rows cannot be seen, and changes no return
        return
    frame.loc[rows, PRICES] *= factor
    assert_same_or_said(frame, rules, folder)


@settings(max_examples=60, deadline=None)
@given(begin=ROW, unit=st.sampled_from([1, 10**3, 10**6, 10**9]), rules=RULES)
def test_units_of_times(begin: int, unit: int, rules: CleanConfig, folder: Path):
    seconds = HOURS.to_numpy().astype("datetime64[s]").astype(np.int64)
    units = np.where(np.arange(COUNT) < begin, 1, unit)
    assert_same_or_said(table().assign(time=seconds * units), rules, folder)


@settings(max_examples=60, deadline=None)
@given(row=ROW, column=st.sampled_from([*PRICES, "volume"]), cell=st.sampled_from([None, 0, -1, "x"]), rules=RULES)
def test_cells(row: int, column: str, cell: Any, rules: CleanConfig, folder: Path):
    if column == "volume" and cell == 0:  # a bar without trades
        return
    frame = table().astype({column: object})
    frame.loc[row, column] = cell
    assert_same_or_said(frame, rules, folder)
