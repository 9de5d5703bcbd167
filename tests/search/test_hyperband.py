"""Hyperband where Optuna's own sees another study than the one that is searched."""

from typing import Any

from fxai.protocol import Report, TrialResult, TrialState
from fxai.spec.search.pruners import HyperbandPruner
from small_study import MEMORY, Opener, ask

GOALS = [{"metric": "mean_reward", "direction": "maximize"}, {"metric": "max_drawdown", "direction": "minimize"}]


def pruned_steps(open_study: Opener, **changes: Any) -> list[int]:
    """The steps at which trials are pruned whose reward falls, and whose drawdown rises, from trial to trial."""
    pruner = HyperbandPruner(min_resource=1, max_resource=4, reduction_factor=2)
    search = open_study(MEMORY, pruner=pruner, **changes)
    steps = []
    for number in range(12):
        trial = ask(search)
        state, metrics = TrialState.COMPLETE, {"max_drawdown": float(number)}
        for step in range(1, 5):
            report = Report(trial.number, step, -float(number), metrics)
            search.report(report)
            if search.should_prune(report):
                steps.append(step)
                state = TrialState.PRUNED
                break
        value = None if state is TrialState.PRUNED else -float(number)
        search.tell(TrialResult(trial.number, state, seconds=1.0, value=value, metrics=metrics))
    return steps


def test_it_prunes_in_studies_of_several_objectives_as_in_those_of_one(open_study: Opener) -> None:
    alone = pruned_steps(open_study)
    assert alone
    both = pruned_steps(open_study, objectives=GOALS)
    assert both
