"""The loop on a real study with real workers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from fxai.pool import InlinePool, LocalPool
from fxai.protocol import Cause, Slot, TrialState
from fxai.search.open_search import open_search
from fxai.spec.search.parameters import CategoricalParameter
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.samplers import GridSampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import (
    Ending,
    Notice,
    StudyOpened,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    WorkerReplaced,
)
from fxai.study.failure_streak import FAILURES_IN_A_ROW
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal
from study_place import Place, ended, of_kind, study


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_study_reaches_its_total_and_begins_with_the_default(place: Place) -> None:
    events = place.run(study("parabola", n_trials=8))
    trials = place.stored()
    assert [trial.state for trial in trials] == [OptunaState.COMPLETE] * 8
    assert trials[0].params == {"x": 0.0}
    assert all(len(trial.intermediate_values) == 4 for trial in trials)
    end = ended(events)
    assert end.ending is Ending.REACHED
    assert end.progress.best_value == max(trial.value or -99.0 for trial in trials)
    assert end.best_params == trials[end.progress.best_trial or 0].params
    assert len(of_kind(events, TrialBegan)) == len(of_kind(events, TrialFinished)) == 8
    assert len(of_kind(events, TrialProgressed)) == 32


def test_a_second_run_adds_no_trial_and_a_larger_total_continues(place: Place) -> None:
    place.run(study("parabola", n_trials=3))
    again = place.run(study("parabola", n_trials=3))
    assert not of_kind(again, TrialBegan)
    assert of_kind(again, StudyOpened)[0].progress.finished == 3
    more = place.run(study("parabola", n_trials=5))
    assert [event.number for event in of_kind(more, TrialBegan)] == [3, 4]
    assert len({trial.params["x"] for trial in place.stored()}) == 5


def test_only_the_best_agents_are_kept_and_no_checkpoint(place: Place) -> None:
    events = place.run(study("parabola", n_trials=8, keep_best_n=3))
    order = sorted(of_kind(events, TrialFinished), key=lambda event: event.result.value or 0.0, reverse=True)
    agents = {int(path.parent.name) for path in place.trials.glob("*/agent.safetensors")}
    assert agents == {event.result.number for event in order[:3]}
    assert not list(place.trials.glob("*/checkpoint.safetensors"))


def test_pruned_trials_count_as_finished(place: Place) -> None:
    pruner = MedianPruner(n_startup_trials=2, n_warmup_steps=0)
    events = place.run(study("parabola", n_trials=12, pruner=pruner))
    pruned = [event for event in of_kind(events, TrialFinished) if event.result.state is TrialState.PRUNED]
    assert pruned
    assert ended(events).progress.pruned == len(pruned)
    assert ended(events).progress.finished == 12


def test_invalid_reports_are_ignored_with_one_warning_a_trial(place: Place) -> None:
    events = place.run(study("reports_oddly", n_trials=3))
    assert ended(events).ending is Ending.REACHED
    trials = place.stored()
    complete, failed = OptunaState.COMPLETE, OptunaState.FAIL
    assert [(trial.state, trial.value) for trial in trials] == [(complete, 4.0), (failed, None), (complete, 4.0)]
    assert [trial.intermediate_values for trial in trials] == [{5: 1.0, 7: 3.0}] * 3
    flaw = "value is nan at step 1; the report is ignored, as are further reports like it"
    assert [notice.message for notice in of_kind(events, Notice)] == [f"Trial {number}: {flaw}" for number in range(3)]
    assert "inf at the end" in trials[1].user_attrs["fxai:message"]
    assert of_kind(place.run(study("reports_oddly", n_trials=4)), TrialFinished)[0].result.value == 4.0


def test_ten_failures_with_one_message_end_the_study(place: Place) -> None:
    end = ended(place.run(study("fails_alike", n_trials=40)))
    assert end.ending is Ending.FAILING
    assert end.progress.failed == FAILURES_IN_A_ROW
    assert "no such bar" in (end.reason or "")


def test_different_failures_end_a_study_without_a_finished_trial(place: Place) -> None:
    end = ended(place.run(study("fails_in_turn", n_trials=24)))
    assert (end.ending, end.progress.failed) == (Ending.FAILING, FAILURES_IN_A_ROW)
    assert "no trial has finished" in (end.reason or "")


def test_different_failures_do_not_end_a_study_with_finished_trials(place: Place) -> None:
    place.run(study("parabola", n_trials=1))
    end = ended(place.run(study("fails_in_turn", n_trials=24)))
    assert (end.ending, end.progress.failed) == (Ending.REACHED, 23)


def test_a_grid_ends_the_study_when_it_is_exhausted(place: Place) -> None:
    x = CategoricalParameter(name="x", choices=(0.0, 1.0, 2.0))
    end = ended(place.run(study("parabola", n_trials=50, parameters=(x,), sampler=GridSampler())))
    assert end.ending is Ending.EXHAUSTED
    assert {trial.params["x"] for trial in place.stored()} == {0.0, 1.0, 2.0}


def test_a_timeout_starts_no_further_trial(place: Place) -> None:
    end = ended(place.run(study("parabola", n_trials=50, timeout=1e-9)))
    assert end.ending is Ending.TIMEOUT
    assert end.progress.finished == 0


def test_a_stop_requeues_running_trials_and_the_next_run_continues_them(place: Place) -> None:
    stop = StopSignal()
    spec = study("parabola", n_trials=5)
    seen = []
    with place.running(spec, InlinePool((Slot(0), Slot(1))), stop) as events:
        for event in events:
            seen.append(event)
            if isinstance(event, TrialProgressed) and event.report.number == 2 and event.report.step == 2:
                stop.request()
    back = [event.number for event in of_kind(seen, TrialRequeued)]
    assert ended(seen).ending is Ending.INTERRUPTED
    assert 2 in back
    resumed = place.run(spec)
    assert of_kind(resumed, StudyOpened)[0].retried == tuple(sorted(back))
    assert all(event.attempt == 0 for event in of_kind(resumed, TrialBegan))
    trials = place.stored()
    assert [trial.state for trial in trials] == [OptunaState.COMPLETE] * 5
    assert all(sorted(trial.intermediate_values) == [1, 2, 3, 4] for trial in trials)


def test_the_loss_of_a_worker_while_the_run_is_stopped_uses_no_retry(place: Place) -> None:
    stop = StopSignal()
    spec = study("dies_at_first", n_trials=2, retries=0)
    seen = []
    with place.running(spec, LocalPool((Slot(0),), place.logs), stop) as events:
        for event in events:
            seen.append(event)
            if isinstance(event, TrialBegan) and event.number == 1:
                stop.request()
    assert [event.number for event in of_kind(seen, TrialRequeued)] == [1]
    assert ended(seen).ending is Ending.INTERRUPTED
    (first, second) = place.stored()
    assert (first.state, second.state) == (OptunaState.COMPLETE, OptunaState.RUNNING)
    resumed = place.run(spec, LocalPool((Slot(0),), place.logs))
    assert [event.attempt for event in of_kind(resumed, TrialBegan)] == [0]


def test_a_second_stop_ends_the_run_at_once(place: Place) -> None:
    stop = StopSignal()
    seen = []
    with place.running(study("slow", n_trials=4), LocalPool((Slot(0),), place.logs), stop) as events:
        for event in events:
            seen.append(event)
            if isinstance(event, TrialProgressed):
                stop.request()
                stop.request()
    assert ended(seen).ending is Ending.INTERRUPTED
    assert place.stored()[0].state is OptunaState.RUNNING


def test_a_lost_worker_uses_a_retry_and_a_crashing_trial_fails_after_its_retries(place: Place) -> None:
    spec = study("dies_at_first", n_trials=4, retries=2)
    events = place.run(spec, LocalPool((Slot(0), Slot(1)), place.logs))
    states = {event.result.number: event.result for event in of_kind(events, TrialFinished)}
    assert {number: result.state for number, result in states.items()} == {
        0: TrialState.COMPLETE,
        1: TrialState.COMPLETE,
        2: TrialState.FAIL,
        3: TrialState.COMPLETE,
    }
    assert states[1].metrics["attempt"] == 1
    assert states[2].error is not None
    assert states[2].error.cause is Cause.WORKER_LOST
    assert "SIGKILL" in states[2].error.message
    assert len(of_kind(events, WorkerReplaced)) == 4
    assert [len(trial.intermediate_values) for trial in place.stored()] == [1, 1, 1, 1]


def test_a_trial_whose_runs_are_all_killed_fails_after_its_retries(place: Place) -> None:
    spec = study("parabola", n_trials=2, retries=1)
    for attempt in range(2):  # two killed runs, which requeue no trial
        search = open_search(spec, place.url, fingerprint={"of": "this test"}, default_params={"x": 0.0})
        assert [asked.attempt for asked in search.left_running] == [attempt] * len(search.left_running)
        if not attempt:
            search.ask()
        search._storage.flush()
        del search
    events = place.run(spec)
    first = of_kind(events, TrialFinished)[0].result
    assert first.state is TrialState.FAIL
    assert first.error is not None
    assert first.error.message == "its worker was lost or the run was killed in 2 attempts"
    assert ended(events).progress.finished == 2


def test_an_invalid_configuration_fails_the_trial_with_the_reason(tmp_path: Path) -> None:
    batch = CategoricalParameter(name="training.batch_size", choices=(64, 100_000))
    spec = StudySpec(
        study_name="s",
        parameters=(batch,),
        n_trials=2,
        sampler=GridSampler(),
        enqueue=({"training.batch_size": 100_000},),
    )
    place = Place(tmp_path)
    defaults: Mapping[str, Any] = {"training.batch_size": 100_000}
    search = open_search(spec, place.url, fingerprint={}, default_params=defaults)
    stop = StopSignal()
    events = []
    for event in run_study(spec, search, InlinePool(), place.trials, stop):
        events.append(event)
        if isinstance(event, TrialFinished):
            stop.request()
            stop.request()
    search.close()
    error = of_kind(events, TrialFinished)[0].result.error
    assert error is not None
    assert "batch_size 100000 is more than one rollout holds" in error.message
