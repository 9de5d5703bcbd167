"""Rows whose time occurs again."""

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.reading.order import in_order
from fxai.market.reading.values import BarRows
from fxai.spec.fields.data_config import CleanConfig

REFUSE, DROP = CleanConfig(), CleanConfig(repeated="drop")


def rows(hours: list[int], closes: list[float], volumes: list[float] | None = None) -> BarRows:
    time = np.datetime64("2024-01-01", "ns") + np.array(hours) * np.timedelta64(1, "h")
    close = np.array(closes)
    prices = {"open": close, "high": close, "low": close, "close": close}
    further = {} if volumes is None else {"volume": np.array(volumes)}
    return BarRows("bars.csv", np.arange(2, len(hours) + 2), time, prices, further)


def positions(found: BarRows) -> list[int]:
    """Positions among `rows` of the rows that were kept."""
    return [int(number) - 2 for number in found.numbers]


@pytest.mark.parametrize("newest_first", [False, True])
def test_rows_in_order_are_kept_without_a_copy(*, newest_first: bool):
    given = rows([2, 1, 0] if newest_first else [0, 1, 2], [1, 2, 3])
    found, faults = in_order(given, REFUSE)
    assert positions(found) == ([2, 1, 0] if newest_first else [0, 1, 2])
    assert (faults.duplicates_dropped, faults.rows_reordered, faults.newest_first) == (0, 0, newest_first)
    assert np.shares_memory(found.time, given.time)
    assert all(np.shares_memory(found.prices[name], given.prices[name]) for name in found.prices)


def test_equal_rows_are_dropped_and_counted():
    found, faults = in_order(rows([0, 1, 0, 0], [1, 2, 1, 1], [5, 5, 5, 5]), REFUSE)
    assert (positions(found), faults.duplicates_dropped) == ([3, 1], 2)
    assert not faults.notes


def test_other_prices_at_one_time_are_refused_with_rows_and_values():
    message = (
        r"bars.csv: rows 2 and 4 have the time 2024-01-01 00:00:00 UTC and different values: open 1.0 and 1.5; "
        r"correct or remove rows, or set data.clean.repeated to drop"
    )
    with pytest.raises(DataError, match=message):
        in_order(rows([0, 1, 0], [1, 2, 1.5]), REFUSE)
    with pytest.raises(DataError, match="; so have rows 2, 3; correct"):
        in_order(rows([0, 1, 0, 1], [1, 2, 1.5, 3]), REFUSE)


def test_the_last_row_of_a_time_is_used_by_rule():
    found, faults = in_order(rows([0, 1, 0], [1, 2, 1.5]), DROP)
    assert (positions(found), faults.duplicates_dropped) == ([2, 1], 1)
    (note,) = faults.notes
    assert (note.subject, note.rows, note.first_rows) == ("repeated times", 1, (2,))


def test_another_volume_at_one_time_is_said():
    found, faults = in_order(rows([0, 0, 1], [1, 1, 2], [5, 6, 5]), REFUSE)
    assert positions(found) == [1, 2]
    (note,) = faults.notes
    assert "volume 5.0 and 6.0; the last row is used" in note.text
