from collections.abc import Sequence

import pytest

from fxai.protocol import STANDARD_ERROR
from fxai.results.convergence import Convergence
from fxai.results.record import TrialRecord
from fxai.search.pbt_history import Exploit
from fxai.search.stored_trial import StoredState
from fxai.spec.search.metric_goals import Goal

SCORE = Goal(metric="score")


def trials(values: Sequence[float | None], *, error: float | None = None) -> list[TrialRecord]:
    """Trials of these values; None is one that was pruned."""
    metrics = {} if error is None else {STANDARD_ERROR: error}
    return [
        TrialRecord(number, StoredState.PRUNED if value is None else StoredState.COMPLETE, value, {}, metrics)
        for number, value in enumerate(values)
    ]


def test_a_best_value_that_has_stood_for_a_quarter_of_the_trials_is_settled() -> None:
    found = Convergence.of(trials([0.0] * 20 + [1.0] + [0.0] * 19), SCORE)
    assert found.converged is True
    assert (found.since_trial, found.since_finished, found.needed, found.finished) == (20, 19, 10, 40)


def test_a_late_improvement_means_not_converged() -> None:
    found = Convergence.of(trials([0.0] * 70 + [1.0] + [0.0] * 9), SCORE)
    assert found.converged is False
    assert (found.since_trial, found.since_finished, found.needed) == (70, 9, 20)
    assert found.reason == "no trial after trial 70 is better; 9 trials have finished since, and 20 are required"


def test_the_count_begins_at_the_trial_that_is_shown_as_best() -> None:
    """Also if the best trial is better than an earlier trial by less than its standard error."""
    values = [0.0, 1.0] + [0.0] * 40 + [1.01]
    found = Convergence.of(trials(values, error=0.3), SCORE)
    assert (found.converged, found.since_trial, found.since_finished) == (False, 42, 0)
    assert found.reason == "no trial has finished after trial 42, the best; 11 such trials are required"


def test_less_is_better_where_that_is_the_goal() -> None:
    values = [1.0] * 20 + [0.0] + [1.0] * 19
    assert Convergence.of(trials(values), Goal(metric="loss", direction="minimize")).since_trial == 20


def test_pruned_trials_count_as_trials_without_improvement() -> None:
    assert Convergence.of(trials([0.0, 1.0, *([None] * 18)]), SCORE).since_finished == 18


@pytest.mark.parametrize(
    ("values", "why"),
    [([], "(0 so far)"), ([1.0] * 19, "20 finished trials are required (19 so far)"), ([1.0] * 30, "the same value")],
)
def test_without_an_answer_there_is_a_reason(values: list[float], why: str) -> None:
    found = Convergence.of(trials(values), SCORE)
    assert found.converged is None
    assert why in found.reason


def test_a_population_has_no_answer() -> None:
    members = trials([float(number) for number in range(30)])
    exploit = Exploit(10, 0, {}, {}, {})
    found = Convergence.of([*members[:-1], TrialRecord(29, StoredState.COMPLETE, 29.0, {}, exploits=[exploit])], SCORE)
    assert found.converged is None
    assert "at the same time" in found.reason


def test_copies_of_an_earlier_studys_trials_are_none_of_this_search() -> None:
    copies = [TrialRecord(number, StoredState.COMPLETE, 9.0, {}, copy_of="first 1") for number in range(30)]
    assert Convergence.of(copies, SCORE).finished == 0
