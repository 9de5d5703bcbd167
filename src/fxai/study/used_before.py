"""How many test bars of a window the earlier windows of its chain used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fxai.market.bars import TimeArray
from fxai.search.study_bars import StudyBars


@dataclass(frozen=True, slots=True)
class UsedBefore:
    """Numbers of test bars of a window; None if the bars of an earlier window are not known."""

    searched: int | None  # that the search of an earlier window used
    tested: int | None  # that were test bars of an earlier window


def used_before(bars: StudyBars, time: TimeArray, earlier: Sequence[StudyBars | None]) -> UsedBefore:
    """Count the test bars of a window that earlier windows used. Bars are the same if their opens are.

    The search of a window uses all bars before its first test bar: it trains on them, validates on them, or leaves them
    out between two splits.

    Args:
        bars: The window.
        time: Opens of its bars, [bar].
        earlier: The earlier windows.
    """
    if None in earlier:
        return UsedBefore(None, None)
    test = time[:0] if bars.test_first is None else time[time >= _moment(bars.test_first)]
    searched, tested = np.zeros(len(test), bool), np.zeros(len(test), bool)
    for each in earlier:
        if each is None:
            continue
        within = (test >= _moment(each.first)) & (test <= _moment(each.last))
        of_test = (
            within & (test >= _moment(each.test_first)) if each.test_first is not None else np.zeros(len(test), bool)
        )
        searched |= within & ~of_test
        tested |= of_test
    return UsedBefore(int(searched.sum()), int(tested.sum()))


def used_sentences(used: UsedBefore, test_bars: int, *, is_warm: bool) -> Iterator[str]:
    """What a user must know about the test bars of a window.

    Args:
        used: How many of them earlier windows used.
        test_bars: Number of test bars.
        is_warm: Whether the first trials of the window are those of an earlier one.
    """
    if used.searched is None or used.tested is None:
        yield "It is not known whether an earlier window used the test bars of this window."
        return
    of_all = f"of the {test_bars:,} test bars"
    if used.searched and is_warm:
        yield (
            f"The searches of earlier windows used {used.searched:,} {of_all} of this window, and its first trials "
            "come from them: its verdict is too favourable. With --top 0 it is not."
        )
    if used.tested:
        yield (
            f"{used.tested:,} {of_all} were test bars of earlier windows. No search used them, but the verdicts of "
            "these windows are not independent."
        )


def _moment(text: str) -> np.datetime64:
    return np.datetime64(text.removesuffix("Z"), "ns")
