"""The stop rules alone, and in the loop on real studies."""

from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState as OptunaState

from fxai.pool import InlinePool
from fxai.protocol import Report, TrialState
from fxai.search import attributes
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.stop import Stop
from fxai.study.events import Ending, TrialBegan, TrialFinished, TrialProgressed, TrialRequeued
from fxai.study.stop_rules import Rule, StopRules
from fxai.study.stop_signal import StopSignal
from lane_pool import LanePool
from study_place import Place, ended, of_kind, study


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def held_after(stop: Stop, values: list[float | None], direction: str = "maximize") -> list[Rule | None]:
    """The rule that holds after each trial."""
    rules, held = StopRules(stop, "value", direction, trading=False), []
    for value in values:
        rules.add(value, 10)
        now = rules.held()
        held.append(None if now is None else now.rule)
    return held


def test_patience_counts_from_the_last_improvement() -> None:
    held = held_after(Stop(patience=2), [1.0, 2.0, 2.0, None, 3.0])
    assert held == [None, None, None, Rule.PATIENCE, None]


def test_nothing_counts_before_the_first_value() -> None:
    assert held_after(Stop(patience=1), [None, None, 1.0, None]) == [None, None, None, Rule.PATIENCE]


def test_small_gains_add_up_to_an_improvement() -> None:
    values: list[float | None] = [0.0, 0.25, 0.5, 0.75, 1.0]
    assert held_after(Stop(patience=3, min_delta=0.5), values) == [None] * 5
    assert held_after(Stop(patience=3, min_delta=1.0), values)[-2:] == [Rule.PATIENCE, Rule.PATIENCE]


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])
def test_the_target_value_holds_once_reached(direction: str, sign: int) -> None:
    held = held_after(Stop(value=sign * 2.0), [sign * 1.0, None, sign * 2.0, 0.0], direction)
    assert held == [None, None, Rule.VALUE, Rule.VALUE]


def test_steps_of_running_trials_count_too() -> None:
    rules = StopRules(Stop(env_steps=30), "value", "maximize", trading=False)
    rules.add(None, 10)
    assert rules.held(running_steps=19) is None
    assert rules.held(running_steps=20) is not None


@pytest.mark.parametrize(
    ("stop", "trading", "reason"),
    [
        (
            Stop(patience=20, min_delta=0.001),
            False,
            "no improvement by more than 0.001 in the last 20 trials (stop.patience)",
        ),
        (
            Stop(patience=20, min_delta=0.001),
            True,
            "no improvement by more than 0.1 percentage points in the last 20 trials (stop.patience)",
        ),
        (Stop(value=0.25), False, "the best value reached 0.25 (stop.value)"),
        (Stop(value=0.25), True, "the best value reached 25 % (stop.value)"),
    ],
)
def test_reasons_name_the_rule(stop: Stop, reason: str, *, trading: bool) -> None:
    rules = StopRules(stop, "total_return", "maximize", trading=trading)
    for _ in range(21):
        rules.add(1.0, 0)
    held = rules.held()
    assert held is not None
    assert held.reason == reason


def curve(falling: int = 0, steps: int = 100) -> LanePool:
    """Trials one at a time. The value is a trial's number up to trial `falling`, then minus its number."""
    return LanePool(
        width=1,
        curve=lambda request, _: float(request.number if request.number <= falling else -request.number),
        env_steps=steps,
    )


def ended_by(place: Place) -> object:
    return optuna.load_study(study_name="s", storage=place.url).user_attrs.get(attributes.ENDED_BY)


def test_patience_ends_a_study_and_again_when_it_is_resumed(place: Place) -> None:
    spec = study("parabola", n_trials=30, stop=Stop(patience=4))
    end = ended(place.run(spec, curve(falling=2)))
    assert (end.ending, end.progress.finished) == (Ending.PATIENCE, 7)
    assert ended_by(place) == {"rule": "patience", "reason": end.reason}
    again = place.run(spec, curve(falling=2))
    assert not of_kind(again, TrialBegan)
    assert (ended(again).ending, ended(again).reason) == (end.ending, end.reason)
    assert ended_by(place) == {"rule": "patience", "reason": end.reason}


def test_a_study_continues_with_more_patience(place: Place) -> None:
    place.run(study("parabola", n_trials=30, stop=Stop(patience=4)), curve(falling=2))
    end = ended(place.run(study("parabola", n_trials=30, stop=Stop(patience=6)), curve(falling=2)))
    assert end.progress.finished == 9
    assert "last 6 trials" in str(ended_by(place))
    end = ended(place.run(study("parabola", n_trials=12), curve(falling=2)))
    assert (end.ending, end.progress.finished) == (Ending.REACHED, 12)
    assert ended_by(place) is None


def test_running_trials_complete_after_the_target_value(place: Place) -> None:
    pool = LanePool(width=3, curve=lambda request, _: float(request.number))
    events = place.run(study("parabola", n_trials=30, stop=Stop(value=0.0), max_concurrent_trials=3), pool)
    assert ended(events).ending is Ending.VALUE
    assert [event.result.state for event in of_kind(events, TrialFinished)] == [TrialState.COMPLETE] * 3


def test_pruned_trials_count_for_patience(place: Place) -> None:
    pruner = MedianPruner(n_startup_trials=1, n_warmup_steps=0)
    spec = study("parabola", n_trials=30, pruner=pruner, stop=Stop(patience=5))
    end = ended(place.run(spec, LanePool(width=1, curve=lambda request, _: -float(request.number))))
    assert end.ending is Ending.PATIENCE
    assert (end.progress.complete, end.progress.pruned) == (1, 5)


def test_a_budget_of_steps_counts_all_trials(place: Place) -> None:
    pruner = MedianPruner(n_startup_trials=1, n_warmup_steps=0)
    spec = study("parabola", n_trials=30, pruner=pruner, stop=Stop(env_steps=700))
    end = ended(place.run(spec, curve(steps=100)))  # three reports of 100 steps each; a pruned trial has one
    assert (end.ending, end.progress.finished) == (Ending.ENV_STEPS, 5)
    steps = [trial.user_attrs[attributes.ENV_STEPS] for trial in place.stored()]
    assert steps == [300, 100, 100, 100, 100]
    assert "700 environment steps" in (end.reason or "")
    assert not of_kind(place.run(spec, curve()), TrialBegan)


def test_steps_that_a_lost_trial_reported_are_counted(place: Place) -> None:
    spec = study("parabola", n_trials=3, retries=0)
    place.run(spec, LanePool(width=1, crashing=[1], env_steps=100))
    assert [trial.user_attrs[attributes.ENV_STEPS] for trial in place.stored()] == [300, 100, 300]


def test_requeued_trials_run_although_a_rule_holds(place: Place) -> None:
    stop = StopSignal()
    spec = study("parabola", n_trials=30, max_concurrent_trials=2)
    two = LanePool(width=2, updates=6)
    with place.running(spec, two, stop) as events:
        for event in events:
            if isinstance(event, TrialProgressed):
                stop.request()
    left = [trial.number for trial in place.stored() if trial.state is OptunaState.RUNNING]
    assert left == [0, 1]
    resumed = place.run(study("parabola", n_trials=30, stop=Stop(env_steps=1)), LanePool(width=1, env_steps=5))
    assert [event.number for event in of_kind(resumed, TrialBegan)] == left
    assert ended(resumed).ending is Ending.ENV_STEPS
    assert ended(resumed).progress.complete == 2


def test_trials_returned_while_a_rule_holds_run_again(place: Place) -> None:
    pool = LanePool(width=2, updates=4, env_steps=10)
    pool.halved_at = {3}
    events = place.run(study("parabola", n_trials=30, max_concurrent_trials=2, stop=Stop(env_steps=20)), pool)
    assert of_kind(events, TrialRequeued)
    assert ended(events).progress.complete == 2
    assert ended(events).ending is Ending.ENV_STEPS


def test_reports_of_custom_code_have_no_steps(place: Place) -> None:
    place.run(study("parabola", n_trials=2), InlinePool())
    assert all(attributes.ENV_STEPS not in trial.user_attrs for trial in place.stored())
    assert all(trial.user_attrs[attributes.PEAK_MEMORY] > 1 for trial in place.stored())
    assert Report(0, 1, 0.5).env_steps == 0
