"""How many test bars of a window were used by earlier windows of its chain."""

from dataclasses import replace

import numpy as np
import pytest

from fxai.market.bars import TimeArray
from fxai.search.study_bars import StudyBars
from fxai.study.used_before import UsedBefore, used_before, used_sentences

BEGIN = np.datetime64("2026-01-01T00:00", "ns")
HOUR = np.timedelta64(1, "h")


def hours(start: int, stop: int) -> TimeArray:
    return np.arange(start, stop) * HOUR + BEGIN


def text(hour: int) -> str:
    return str(np.datetime_as_string(BEGIN + hour * HOUR, unit="s", timezone="UTC"))


def bars(start: int, test: int, stop: int) -> StudyBars:
    """Bars start..stop-1, of which those from `test` are the test split."""
    return StudyBars("hash", stop - start, text(start), text(stop - 1), 3600.0, text(test), stop - test)


@pytest.mark.parametrize(
    ("earlier", "searched", "tested"),
    [
        ([bars(0, 80, 100)], 0, 0),  # the new test bars begin after its end
        ([bars(0, 80, 120)], 0, 20),  # its test bars contain the new ones
        ([bars(0, 110, 130)], 10, 10),  # its search used 10 of the new test bars
        ([bars(0, 80, 120), bars(10, 105, 125)], 5, 20),  # all by the first, and 5 bars by the search of the second too
        ([bars(102, 130, 160)], 18, 0),  # its bars begin within the new test bars
        ([], 0, 0),
    ],
)
def test_bars_are_counted_once(earlier: list[StudyBars], searched: int, tested: int) -> None:
    new = bars(20, 100, 120)
    assert used_before(new, hours(20, 120), earlier) == UsedBefore(searched, tested)


def test_a_window_without_a_test_split_used_all_its_bars_for_the_search() -> None:
    whole = replace(bars(0, 80, 110), test_first=None, test_bars=0)
    assert used_before(bars(20, 100, 120), hours(20, 120), [whole]) == UsedBefore(10, 0)
    assert used_before(replace(whole, last=text(119)), hours(0, 120), [bars(0, 80, 100)]) == UsedBefore(0, 0)


def test_bars_of_an_earlier_window_that_are_not_known_make_the_count_unknown() -> None:
    used = used_before(bars(20, 100, 120), hours(20, 120), [bars(0, 80, 100), None])
    assert used == UsedBefore(None, None)
    assert list(used_sentences(used, 20, is_warm=True)) == [
        "It is not known whether an earlier window used the test bars of this window."
    ]


def test_only_a_warm_start_makes_a_verdict_too_favourable() -> None:
    (warm,) = used_sentences(UsedBefore(10, 0), 20, is_warm=True)
    assert "used 10 of the 20 test bars" in warm
    assert "too favourable" in warm
    assert not list(used_sentences(UsedBefore(10, 0), 20, is_warm=False))
