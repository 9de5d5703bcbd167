"""The loop with several trials on one worker: seeds, ticks, late decisions, crashes."""

import math
from collections.abc import Callable, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState as OptunaState

from fxai.pool import WorkerPool
from fxai.protocol import Cause, Decision, Report, TrialRequest, TrialResult, TrialState
from fxai.search.attributes import metrics_of
from fxai.search.open_search import open_search
from fxai.search.seeds import trial_seed
from fxai.search.study import Search
from fxai.spec.search.pruners import SuccessiveHalvingPruner, ThresholdPruner
from fxai.spec.search.study import StudySpec
from fxai.study.events import (
    Ending,
    StudyEvent,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    WorkerReplaced,
)
from fxai.study.loop import RETURNS_IN_A_ROW, run_study
from fxai.study.stop_signal import StopSignal
from lane_pool import LanePool
from study_place import Place, ended, of_kind, study

MEMORY = "sqlite:///:memory:"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def second_is_high(request: TrialRequest, step: int) -> float:
    return 2.0 * (request.number == 1)


def lanes(n_trials: int, **further: Any) -> StudySpec:
    """A study whose trials are the curves of the pool, with as many running as the pool takes."""
    return study("none", n_trials=n_trials, max_concurrent_trials=64, **further)


def results(events: list[StudyEvent]) -> dict[int, TrialResult]:
    return {event.result.number: event.result for event in of_kind(events, TrialFinished)}


def test_trials_have_distinct_seeds_and_the_first_is_the_trial_seed(place: Place) -> None:
    pool = LanePool()
    place.run(lanes(4, seeds_per_trial=3), pool)
    place.run(lanes(8), other := LanePool())
    for request in pool.submitted:
        assert len(set(request.seeds)) == 3
        assert request.seed == trial_seed(0, request.number)
    assert len({seed for request in pool.submitted for seed in request.seeds}) == 12
    assert all(request.seeds == (trial_seed(0, request.number),) for request in other.submitted)


def test_requests_have_the_objectives_signature(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load(name: str) -> Callable[[Mapping[str, Any]], str]:
        loaded.append(name)
        return lambda config: f"shape {len(config)}"

    monkeypatch.setattr("fxai.study.trial_requests.load_signature", load)
    pool = LanePool()
    place.run(lanes(3), pool)
    assert loaded == ["study_objectives:none"]
    assert {request.signature for request in pool.submitted} == {f"shape {len(pool.submitted[0].config)}"}


def test_all_reports_of_a_tick_are_stored_before_the_first_decision(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []
    report, should_prune = Search.report, Search.should_prune

    def noted_report(search: Search, told: Report) -> None:
        seen.append(("stored", told.number, told.step))
        report(search, told)

    def noted_decision(search: Search, told: Report) -> bool:
        seen.append(("decided", told.number, told.step))
        return should_prune(search, told)

    monkeypatch.setattr(Search, "report", noted_report)
    monkeypatch.setattr(Search, "should_prune", noted_decision)
    place.run(lanes(8), LanePool(width=8, updates=6))
    orders = []
    for step in range(1, 7):
        tick = [(what, number) for what, number, at in seen if at == step]
        assert [what for what, _ in tick] == ["stored"] * 8 + ["decided"] * 8
        orders.append(tuple(number for what, number in tick if what == "decided"))
    assert len(set(orders)) == 6  # no trial is always first
    assert len({order[0] for order in orders}) > 2


def decided(place: Place, *, late: bool = False) -> list[tuple[Any, ...]]:
    spec = lanes(8, pruner=SuccessiveHalvingPruner(min_resource=1, reduction_factor=2))
    place.run(spec, LanePool(width=8, updates=4, late=late))
    return [
        (trial.state, trial.value, trial.intermediate_values, metrics_of(trial.user_attrs)) for trial in place.stored()
    ]


def test_late_decisions_do_not_change_the_results(tmp_path: Path, place: Place) -> None:
    prompt = decided(place)
    (tmp_path / "late").mkdir()
    late = decided(Place(tmp_path / "late"), late=True)
    assert late == prompt
    assert {state for state, *_ in prompt} == {OptunaState.COMPLETE, OptunaState.PRUNED}
    for state, _, reports, metrics in prompt:
        assert metrics == {"at": float(max(reports))}
        assert state is OptunaState.PRUNED or sorted(reports) == [1, 2, 3, 4]


def test_a_pruned_trial_stays_pruned_if_its_worker_dies(place: Place) -> None:
    class DiesOnPruning(LanePool):
        def answer(self, number: int, decision: Decision) -> None:
            super().answer(number, decision)
            if decision is Decision.PRUNE:
                self._crashing = frozenset({number})

    spec = lanes(4, pruner=ThresholdPruner(upper=1.0, n_warmup_steps=0), retries=0)
    events = place.run(spec, DiesOnPruning(width=1, curve=second_is_high))
    assert {number: result.state for number, result in results(events).items()} == {
        0: TrialState.COMPLETE,
        1: TrialState.PRUNED,
        2: TrialState.COMPLETE,
        3: TrialState.COMPLETE,
    }
    assert len(of_kind(events, WorkerReplaced)) == 1
    assert results(events)[1].metrics == {"at": 1.0}


def test_a_trial_pruned_during_a_stop_is_not_run_again(place: Place) -> None:
    stop = StopSignal()
    spec = lanes(2, pruner=ThresholdPruner(upper=1.0, n_warmup_steps=0))
    seen = []
    with place.running(spec, LanePool(curve=second_is_high), stop) as events:
        for event in events:
            seen.append(event)
            if isinstance(event, TrialProgressed) and event.pruned:
                stop.request()
                stop.request()
    assert ended(seen).progress.pruned == 1
    assert [trial.state for trial in place.stored()] == [OptunaState.RUNNING, OptunaState.PRUNED]


def test_returned_trials_are_run_again_in_the_same_run(place: Place) -> None:
    pool = LanePool(width=4, updates=4)
    pool.halved_at = {2, 5}
    events = place.run(lanes(6), pool)
    assert ended(events).ending is Ending.REACHED
    assert len(of_kind(events, TrialRequeued)) >= 6
    assert all(event.attempt == 0 for event in of_kind(events, TrialBegan))
    assert all(sorted(trial.intermediate_values) == [1, 2, 3, 4] for trial in place.stored())


def test_a_trial_that_is_always_returned_fails(place: Place) -> None:
    pool = LanePool(width=2)
    pool.halved_at = set(range(1, 1000))
    events = place.run(lanes(2), pool)
    assert all(result.state is TrialState.FAIL for result in results(events).values())
    error = results(events)[0].error
    assert error is not None
    assert error.cause is Cause.NO_PROGRESS
    assert len(of_kind(events, TrialRequeued)) == 2 * RETURNS_IN_A_ROW


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    crashing=st.sets(st.integers(0, 19), max_size=6),
    workers=st.integers(1, 3),
    width=st.integers(1, 9),
    retries=st.integers(0, 3),
)
def test_all_crashing_trials_fail_and_no_others(
    place: Place, crashing: set[int], workers: int, width: int, retries: int
) -> None:
    pool = LanePool(workers, width, crashing=sorted(crashing))
    spec = lanes(20, retries=retries)
    place.url = MEMORY
    events = place.run(spec, pool)
    failed = {number for number, result in results(events).items() if result.state is TrialState.FAIL}
    assert failed == crashing
    assert len(results(events)) == 20
    for number in crashing:
        error = results(events)[number].error
        assert error is not None
        assert error.cause is Cause.WORKER_LOST
    # One crash of all trials, one for each halving down to a single trial, then the trial's own retries.
    levels = 1 + math.ceil(math.log2(width)) + 1 + retries + 1
    assert len(pool.deaths) <= len(crashing) * levels


def test_runs_killed_from_outside_fail_no_trial(place: Place) -> None:
    """Four runs are killed with six running trials, none of which is at fault."""
    spec = lanes(6, retries=1)
    for _ in range(4):
        dies_after(place, spec, LanePool(width=6), begun=6)
    events = place.run(spec, LanePool(width=6))
    assert ended(events).progress.complete == 6


def test_a_trial_that_kills_every_run_is_found(place: Place) -> None:
    """The whole run is killed, not only a worker, whenever trial 3 runs."""
    spec = lanes(6, retries=1)
    runs = takewhile(lambda _: dies_after(place, spec, LanePool(width=6), number=3), range(12))
    assert len(list(runs)) <= 2 + 3
    states = {trial.number: trial.state for trial in place.stored()}
    assert states == {number: OptunaState.FAIL if number == 3 else OptunaState.COMPLETE for number in range(6)}


def dies_after(
    place: Place, spec: StudySpec, workers: WorkerPool, *, begun: int | None = None, number: int | None = None
) -> bool:
    """Run until `begun` trials or trial `number` reported, then stop like a killed run. False if it completes."""
    search = open_search(spec, place.url, fingerprint={"of": "this test"}, default_params={"x": 0.0})
    reported = set()
    for event in run_study(spec, search, workers, place.trials, StopSignal()):
        if isinstance(event, TrialProgressed):
            reported.add(event.report.number)
        if number in reported or len(reported) == begun:
            search._storage.flush()
            return True
    search.close()
    return False
