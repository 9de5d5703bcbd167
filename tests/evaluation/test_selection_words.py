from dataclasses import replace

import pytest

from evaluation.test_selection import described, noise
from fxai.evaluation.selection_words import percent, summary, trials_sentence


def test_the_summary_has_the_two_probabilities_in_words() -> None:
    found = described(noise(), tried=60)
    overfitted, deflated = summary(found, 0)
    assert found.overfitting is not None
    assert found.deflated_sharpe is not None
    assert "deciding nothing: PBO" in overfitted
    assert (
        f"PBO {percent(found.overfitting.probability)}, the share of {found.overfitting.halves:,} choices" in overfitted
    )
    assert f"DSR {percent(found.deflated_sharpe.probability)}, the probability" in deflated
    assert f"above {found.deflated_sharpe.expected_best:.2f}, the expected best of 60 trials without skill" in deflated


def test_figures_that_cannot_be_given_are_left_out() -> None:
    assert summary(described(noise(1)), 0) == ()
    (only,) = summary(described(noise(5, 100)), 0)
    assert "DSR" in only


def test_the_trials_are_counted() -> None:
    assert trials_sentence(described(noise(5, 100), tried=9)) == "Of 9 trials that ended, 5 are complete."
    without_two = replace(described(noise(5, 100)), complete=7)
    assert trials_sentence(without_two).endswith("7 are complete; the returns of 5 of them are used.")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.0004, "less than 0.1 %"),
        (0.0512, "5.12 %"),
        (0.5, "50 %"),
        (0.99951, "more than 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_shares_in_percent(share: float, text: str) -> None:
    assert percent(share) == text
