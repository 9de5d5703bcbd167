"""Of several objectives one prunes, but not a trial that nothing finished beats."""

import pytest
from small_study import Opener

from fxai.search.study import Search
from fxai.trial import Report, TrialResult, TrialState

BY_RETURN = {
    "objectives": [{"metric": "sharpe"}, {"metric": "max_drawdown", "direction": "minimize"}],
    "pruner": {"type": "ThresholdPruner", "lower": 0.5, "n_warmup_steps": 0},  # the Sharpe ratio's, at any step
}


def reported(search: Search, sharpe: float, **others: float) -> Report:
    asked = search.ask()
    assert asked is not None
    report = Report(asked.number, 1, sharpe, others)
    search.report(report)
    return report


def finish(search: Search, sharpe: float, drawdown: float) -> None:
    asked = search.ask()
    assert asked is not None
    metrics = {"max_drawdown": drawdown}
    search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value=sharpe, metrics=metrics))


@pytest.mark.parametrize(
    ("sharpe", "drawdown", "pruned"),
    [(0.4, 0.3, True), (0.4, 0.2, True), (0.4, 0.1, False), (0.6, 0.3, False)],
    ids=["worse in both", "equal in one, worse in the other", "better in the other", "not for the pruner"],
)
def test_a_trial_is_spared_while_no_finished_one_beats_it(
    open_study: Opener, url: str, sharpe: float, drawdown: float, *, pruned: bool
) -> None:
    search = open_study(url, **BY_RETURN)
    first = reported(search, 0.1, max_drawdown=0.9)
    assert not search.should_prune(first)  # nothing has finished yet
    finish(search, 0.5, 0.2)
    assert search.should_prune(first)
    assert search.should_prune(reported(search, sharpe, max_drawdown=drawdown)) is pruned


def test_where_the_others_are_not_reported_the_one_decides(open_study: Opener, url: str) -> None:
    search = open_study(url, **BY_RETURN)
    assert search.should_prune(reported(search, 0.4))
    assert not search.should_prune(reported(search, 0.6))
