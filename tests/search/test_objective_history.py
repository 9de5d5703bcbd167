"""Of several objectives one prunes, but not a trial that holds its own in all of them."""

import pytest

from fxai.protocol import Report, TrialResult, TrialState
from fxai.search.study import Search
from small_study import Opener, ask

BY_SHARPE = {
    "objectives": [{"metric": "sharpe"}, {"metric": "max_drawdown", "direction": "minimize"}],
    "pruner": {"type": "ThresholdPruner", "lower": 0.5, "n_warmup_steps": 0},  # the Sharpe ratio's, at any step
}


def reported(search: Search, sharpe: float, *, step: int = 1, number: int | None = None, **others: float) -> Report:
    report = Report(ask(search).number if number is None else number, step, sharpe, others)
    search.report(report)
    return report


def finish(search: Search, *course: tuple[float, float]) -> None:
    """A trial that reports Sharpe ratio and drawdown at steps 1, 2, ... and ends with the last."""
    number = ask(search).number
    for step, (sharpe, drawdown) in enumerate(course, start=1):
        reported(search, sharpe, step=step, number=number, max_drawdown=drawdown)
    sharpe, drawdown = course[-1]
    metrics = {"max_drawdown": drawdown}
    search.tell(TrialResult(number, TrialState.COMPLETE, 1.0, value=sharpe, metrics=metrics))


@pytest.mark.parametrize(
    ("sharpe", "drawdown", "pruned"),
    [(0.4, 0.3, True), (0.4, 0.2, True), (0.4, 0.1, False), (0.6, 0.3, False)],
    ids=["worse in both", "equal in one, worse in the other", "better in the other", "not for the pruner"],
)
def test_a_trial_is_spared_where_it_was_not_beaten(
    open_study: Opener, url: str, sharpe: float, drawdown: float, *, pruned: bool
) -> None:
    search = open_study(url, **BY_SHARPE)
    first = reported(search, 0.1, max_drawdown=0.9)
    assert not search.should_prune(first)  # nothing has finished yet
    finish(search, (0.5, 0.2))
    assert search.should_prune(first)
    assert search.should_prune(reported(search, sharpe, max_drawdown=drawdown)) is pruned


def test_it_is_held_against_where_the_others_were_at_that_step(open_study: Opener, url: str) -> None:
    search = open_study(url, **BY_SHARPE)
    finish(search, (0.2, 0.5), (0.4, 0.3), (0.9, 0.1))
    early = reported(search, 0.3, max_drawdown=0.4)
    assert not search.should_prune(early)
    assert search.should_prune(reported(search, 0.3, step=2, number=early.number, max_drawdown=0.4))


def test_three_quarters_of_the_others_have_to_beat_it(open_study: Opener, url: str) -> None:
    search = open_study(url, **BY_SHARPE)
    for sharpe in (0.1, 0.45, 0.5):
        finish(search, (sharpe, 0.2))
    report = reported(search, 0.4, max_drawdown=0.3)
    assert not search.should_prune(report)
    finish(search, (0.5, 0.2))
    assert search.should_prune(report)


def test_what_finished_trials_reported_is_known_after_a_resume(open_study: Opener, url: str) -> None:
    search = open_study(url, **BY_SHARPE)
    finish(search, (0.2, 0.5), (0.9, 0.1))
    search.close()
    again = open_study(url, **BY_SHARPE)
    report = reported(again, 0.3, max_drawdown=0.4)
    assert not again.should_prune(report)
    assert again.should_prune(reported(again, 0.3, step=2, number=report.number, max_drawdown=0.4))


def test_where_the_others_are_not_reported_the_one_decides(open_study: Opener, url: str) -> None:
    search = open_study(url, **BY_SHARPE)
    assert search.should_prune(reported(search, 0.4))
    assert search.should_prune(reported(search, 0.4, max_drawdown=float("nan")))
    assert not search.should_prune(reported(search, 0.6))
