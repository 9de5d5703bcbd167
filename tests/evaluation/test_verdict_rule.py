"""Which word holds, and how many further bars change it."""

import pytest

from fxai.evaluation.mean_difference import MeanDifference
from fxai.evaluation.verdict_rule import WordChange, decided_word, word_change
from fxai.evaluation.verdict_word import VerdictWord

CONFIDENCE = 0.95


def difference(value: float, reach: float | None) -> MeanDifference:
    """A difference whose bounds are `reach` from its value; None: unknown."""
    lower, upper = (None, None) if reach is None else (value - reach, value + reach)
    error = None if reach is None else reach / 1.6448536269514724
    return MeanDifference(value, 1000, error, error, None, lower, upper)


@pytest.mark.parametrize(
    ("flat", "default", "word"),
    [
        ((-2.0, 1.0), (5.0, 1.0), VerdictWord.WORSE),
        ((5.0, 1.0), (-2.0, 1.0), VerdictWord.WORSE),
        ((-0.5, 1.0), (5.0, 1.0), VerdictWord.NOT_ABOVE_FLAT),
        ((0.0, 1.0), (-0.5, 1.0), VerdictWord.NOT_ABOVE_FLAT),
        ((5.0, 1.0), (0.0, 1.0), VerdictWord.NOT_ABOVE_DEFAULT),
        ((5.0, 1.0), (-0.5, 1.0), VerdictWord.NOT_ABOVE_DEFAULT),
        ((5.0, 1.0), (2.0, 1.0), VerdictWord.BETTER),
        ((0.5, 1.0), (2.0, 1.0), VerdictWord.LUCK),
        ((2.0, 1.0), (0.5, 1.0), VerdictWord.LUCK),
        ((1.0, 1.0), (2.0, 1.0), VerdictWord.LUCK),
        ((5.0, None), (5.0, 1.0), VerdictWord.LUCK),
        ((-5.0, None), (5.0, None), VerdictWord.NOT_ABOVE_FLAT),
    ],
)
def test_the_first_condition_that_holds_decides(
    flat: tuple[float, float | None], default: tuple[float, float | None], word: VerdictWord
) -> None:
    assert decided_word(difference(*flat), difference(*default), is_flat=False) is word


def test_without_a_default_the_winner_is_never_better() -> None:
    assert decided_word(difference(5.0, 1.0), None, is_flat=False) is VerdictWord.LUCK
    assert decided_word(difference(-5.0, 1.0), None, is_flat=False) is VerdictWord.WORSE


def test_an_agent_that_never_trades_is_no_better_than_doing_nothing_whatever_the_default_earns() -> None:
    assert decided_word(difference(0.0, 0.0), difference(-5.0, 1.0), is_flat=True) is VerdictWord.NOT_ABOVE_FLAT


def change(flat: tuple[float, float | None], default: tuple[float, float | None]) -> WordChange | None:
    differences = difference(*flat), difference(*default)
    word = decided_word(*differences, is_flat=False)
    return word_change(word, *differences, CONFIDENCE)


def test_luck_ends_when_the_later_of_the_two_bounds_is_above_0() -> None:
    """The reach falls with the root of the bars: 2 times the reach needs 4 times the bars."""
    assert change((0.5, 1.0), (2.0, 1.0)) == WordChange(3001, VerdictWord.BETTER, same_mean=True)
    assert change((0.5, 1.0), (0.25, 1.0)) == WordChange(15001, VerdictWord.BETTER, same_mean=True)


def test_a_mean_below_0_becomes_worse() -> None:
    assert change((-0.5, 1.0), (-0.9, 1.0)) == WordChange(235, VerdictWord.WORSE, same_mean=True)
    assert change((0.5, 1.0), (-0.5, 1.0)) == WordChange(3001, VerdictWord.WORSE, same_mean=True)


def test_bars_without_a_difference_undo_a_decision() -> None:
    """A mean of 2 times its reach is undone by 4 times the bars, in which mean and squared reach fall alike."""
    assert change((2.0, 1.0), (3.0, 1.0)) == WordChange(3000, VerdictWord.LUCK, same_mean=False)
    assert change((-2.0, 1.0), (-3.0, 1.0)) == WordChange(8000, VerdictWord.NOT_ABOVE_FLAT, same_mean=False)
    assert change((2.0, 1.0), (-3.0, 1.0)) == WordChange(8000, VerdictWord.NOT_ABOVE_DEFAULT, same_mean=False)


def test_unknown_errors_have_no_change() -> None:
    assert change((0.5, None), (2.0, 1.0)) is None
    assert change((0.0, 1.0), (2.0, 1.0)) is None
