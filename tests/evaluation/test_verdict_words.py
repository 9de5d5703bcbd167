"""What people read of a verdict."""

import numpy as np
import pytest

from evaluation.test_verdict import committee, judge
from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.verdict_word import VerdictWord
from fxai.evaluation.verdict_words import change_sentence, deciding_figures, headline, meaning, sentences

BETTER = judge(committee(0.001, seed=0), committee(0.0, seed=1))
LUCK = judge(committee(0.001, seed=0), committee(0.00098, seed=1))
WORSE = judge(committee(-0.001, seed=0), committee(0.003, seed=1))
FLAT = judge(CommitteeReturns(np.zeros(1000), np.zeros((8, 1000))), committee(0.003, seed=0))
BELOW = judge(committee(-0.00002, seed=4), committee(-0.00002, seed=5))
DEFAULT = judge(committee(0.001, seed=0), committee(0.001, seed=0))


def test_the_headline_names_the_word() -> None:
    assert headline(BETTER.word, BETTER.bars) == "Verdict on 1,000 bars: better than the default and than doing nothing"


def test_a_better_winner_is_compared_with_both() -> None:
    first, second = deciding_figures(BETTER)
    assert first.startswith("Mean return per bar minus that of doing nothing: +0.0958 %")
    assert "one-sided 95 % bounds" in first
    assert second.startswith("Mean return per bar minus that of the default: +0.101 %")
    assert "further bars with no difference in the mean returns would change" in change_sentence(BETTER)


def test_a_worse_winner_names_what_earns_more() -> None:
    assert meaning(WORSE) == (
        "The best trial earns less than doing nothing and than the default on bars that the search did not use."
    )
    assert len(deciding_figures(WORSE)) == 2


def test_luck_says_how_many_bars_would_decide() -> None:
    assert LUCK.word is VerdictWord.LUCK
    assert "luck may explain" in meaning(LUCK)
    assert change_sentence(LUCK).endswith(f"would change the verdict to: {VerdictWord.BETTER}.")


def test_an_agent_that_never_trades() -> None:
    assert meaning(FLAT).startswith("The best trial never trades")
    assert deciding_figures(FLAT) == ("The best trial holds no position in 1,000 bars.",)
    assert change_sentence(FLAT) == "The number of bars does not change this verdict."


def test_a_mean_below_0_is_decided_by_one_figure() -> None:
    assert BELOW.word is VerdictWord.NOT_ABOVE_FLAT
    (only,) = deciding_figures(BELOW)
    assert "doing nothing: -" in only


def test_the_default_itself_gains_nothing() -> None:
    assert DEFAULT.word is VerdictWord.NOT_ABOVE_DEFAULT
    assert "no more than the default" in meaning(DEFAULT)
    assert change_sentence(DEFAULT).startswith("The mean return of the best trial equals the default's")


def test_missing_figures_are_named() -> None:
    few = judge(committee(0.01, seed=0, bars=40), None)
    lines = sentences(few)
    assert "its bounds are not available" in lines[2]
    assert lines[3].startswith("It is unknown how many further bars")
    assert lines[-2:] == (
        "Not available: bounds of all figures; they need at least 50 bars; the test split has 40.",
        "Not available: difference to the default; there are no agents of the default configuration.",
    )


def test_a_further_look_says_that_its_bounds_are_wider() -> None:
    second = judge(committee(0.001, seed=0), committee(0.0, seed=1), looks=2)
    assert "This is look 2 at these bars: each bound has a confidence of 97.5 % instead of 95 %." in sentences(second)
    assert not any("look" in line for line in sentences(BETTER))


@pytest.mark.parametrize("found", [BETTER, LUCK, WORSE, FLAT, BELOW, DEFAULT])
def test_no_sentence_is_empty_and_each_ends(found: object) -> None:
    first, *others = sentences(found)  # type: ignore[arg-type]
    assert first.endswith(str(found.word))  # type: ignore[attr-defined]
    assert all(line.endswith(".") for line in others)
