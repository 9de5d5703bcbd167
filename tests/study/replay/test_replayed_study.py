"""A study whose decisions are repeated in their order, independent of timing."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fxai.pool import LocalPool, WorkerPool
from fxai.protocol import Slot, TrialState
from fxai.search.open_search import open_search
from fxai.spec.search.pruners import HyperbandPruner, MedianPruner, Pruner, SuccessiveHalvingPruner
from fxai.spec.search.samplers import TPESampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import Ending, Notice, StudyEvent, TrialBegan, TrialProgressed
from fxai.study.loop import run_study
from fxai.study.replay.decisions import (
    Entry,
    ReportJudgedEntry,
    ReportsDecidedEntry,
    ResultToldEntry,
    StudyOpenedEntry,
    TrialBegunEntry,
    TrialRequeuedEntry,
    basis_of,
    read_decisions,
)
from fxai.study.replay.recorder import recorded
from fxai.study.replay.replayed_workers import ReplayedPool
from fxai.study.stop_signal import StopSignal
from lane_pool import LanePool
from study_place import Place, ended, of_kind, study

SLOTS = (Slot(0), Slot(1))
MEDIAN = MedianPruner(n_startup_trials=3, n_warmup_steps=0)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def other(tmp_path: Path) -> Place:
    (tmp_path / "other").mkdir()
    return Place(tmp_path / "other")


def tpe(pruner: Pruner = MEDIAN, objective: str = "restless", n_trials: int = 24) -> StudySpec:
    sampler = TPESampler(n_startup_trials=4)
    return study(objective, n_trials=n_trials, sampler=sampler, pruner=pruner, max_concurrent_trials=4)


def record(place: Place, spec: StudySpec, workers: WorkerPool, stop: StopSignal | None = None) -> list[StudyEvent]:
    with place.running(spec, workers, stop or StopSignal()) as events:
        return list(recorded(events, decisions(place), "s", basis_of(spec)))


def replay(place: Place, spec: StudySpec, workers: WorkerPool, entries: Sequence[Entry]) -> list[StudyEvent]:
    replayed = ReplayedPool(workers, entries)
    with place.running(spec, replayed, StopSignal()) as events:
        return list(replayed.following(recorded(events, decisions(place), "s", basis_of(spec))))


def decisions(place: Place) -> Path:
    return place.trials.parent / "decisions.jsonl"


def outcome(place: Place) -> list[tuple[Any, ...]]:
    return [(trial.number, trial.params, trial.state, trial.intermediate_values) for trial in place.stored()]


def notices(events: list[StudyEvent]) -> list[str]:
    return [event.message for event in of_kind(events, Notice)]


@pytest.mark.parametrize("pruner", [MEDIAN, SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)])
def test_a_replay_does_not_depend_on_timing(
    place: Place, other: Place, monkeypatch: pytest.MonkeyPatch, pruner: Pruner
) -> None:
    spec = tpe(pruner)
    monkeypatch.setenv("SLOW", "0")
    record(place, spec, LocalPool(SLOTS, place.logs))
    monkeypatch.setenv("SLOW", "1")
    events = replay(other, spec, LocalPool(SLOTS, other.logs), read_decisions(decisions(place)))
    assert not notices(events)
    assert outcome(other) == outcome(place)
    assert {trial.state.name for trial in place.stored()} == {"COMPLETE", "PRUNED"}
    assert read_decisions(decisions(other)) == read_decisions(decisions(place))


def test_without_a_recording_results_depend_on_timing(
    place: Place, other: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slow, where in (("0", place), ("1", other)):
        monkeypatch.setenv("SLOW", slow)
        record(where, tpe(), LocalPool(SLOTS, where.logs))
    assert outcome(other) != outcome(place)


def test_a_different_value_has_one_notice_and_is_kept(
    place: Place, other: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOW", "0")
    spec = tpe(MedianPruner(n_startup_trials=100))
    record(place, spec, LocalPool(SLOTS, place.logs))
    monkeypatch.setenv("DRIFTS", "5")
    events = replay(other, spec, LocalPool(SLOTS, other.logs), read_decisions(decisions(place)))
    (notice,) = notices(events)
    then, now = (where.stored()[5].intermediate_values[1] for where in (place, other))
    assert notice.startswith(f"Trial 5 has the value {now} at step 1, and {then} in the recorded run: ")
    assert ended(events).ending is Ending.REACHED
    told = [
        [each.number for each in read_decisions(decisions(at)) if isinstance(each, ResultToldEntry)]
        for at in (place, other)
    ]
    assert told[0] == told[1]


def test_a_different_decision_has_a_notice_and_the_study_completes(place: Place, other: Place) -> None:
    spec = tpe(objective="parabola", n_trials=12)
    record(place, spec, LanePool(width=3))
    worse = LanePool(width=3, curve=lambda request, step: -99.0 if request.number == 7 else step)
    events = replay(other, spec, worse, read_decisions(decisions(place)))
    assert len(notices(events)) >= 1
    assert ended(events).progress.finished == 12


def test_trials_retried_in_later_runs_are_replayed_in_one_run(place: Place, other: Place) -> None:
    spec = tpe(SuccessiveHalvingPruner(min_resource=3, reduction_factor=2), "parabola", n_trials=10)
    stop = StopSignal()
    with place.running(spec, LanePool(width=3, updates=6), stop) as events:
        for event in recorded(events, decisions(place), "s", basis_of(spec)):
            if isinstance(event, TrialProgressed) and event.report.number == 4 and not stop.urgency:
                stop.request()
    dies_after_a_report_of(place, spec, 6)
    record(place, spec, LanePool(width=3, updates=6))
    entries = read_decisions(decisions(place))
    assert len([entry for entry in entries if isinstance(entry, StudyOpenedEntry) and entry.retried]) == 2
    assert [entry for entry in entries if isinstance(entry, TrialRequeuedEntry)]
    assert not notices(replay(other, spec, LanePool(width=3, updates=6), entries))
    assert outcome(other) == outcome(place)


def dies_after_a_report_of(place: Place, spec: StudySpec, number: int) -> None:
    """Run until a report of the trial, then end like a killed run: no trial is requeued."""
    search = open_search(spec, place.url, fingerprint={"of": "this test"}, default_params={"x": 0.0})
    events = run_study(spec, search, LanePool(width=3, updates=6), place.trials, StopSignal())
    for event in recorded(events, decisions(place), "s", basis_of(spec)):
        if isinstance(event, TrialProgressed) and event.report.number == number:
            break
    search._storage.flush()
    search.close()


def test_a_lost_worker_ends_the_recorded_order_but_not_the_study(place: Place, other: Place) -> None:
    spec = tpe(objective="parabola", n_trials=8)
    record(place, spec, LanePool(width=2))
    events = replay(other, spec, LanePool(width=2, crashing=[3]), read_decisions(decisions(place)))
    assert "The replay leaves the recorded order, since a worker is lost" in notices(events)[0]
    assert ended(events).progress.finished == 8


def test_a_trial_that_failed_only_in_the_recording_completes(place: Place, other: Place) -> None:
    spec = study("parabola", n_trials=6, retries=0, max_concurrent_trials=2)
    record(place, spec, LanePool(width=1, workers=2, crashing=[3]))
    events = replay(other, spec, LanePool(width=1, workers=2), read_decisions(decisions(place)))
    assert notices(events) == [
        "Trial 3 reports step 2, which it did not report before; from now on it does not follow the recorded order"
    ]
    assert ended(events).progress.complete == 6


@pytest.mark.parametrize("lanes", [{"width": 1}, {"workers": 5, "width": 1}, {"late": True}], ids=str)
def test_a_replay_does_not_depend_on_the_workers(place: Place, other: Place, lanes: dict[str, Any]) -> None:
    spec = tpe(SuccessiveHalvingPruner(min_resource=1, reduction_factor=2), "parabola", n_trials=12)
    record(place, spec, LanePool(width=3))
    events = replay(other, spec, LanePool(**lanes), read_decisions(decisions(place)))
    assert not notices(events)
    assert outcome(other) == outcome(place)
    assert {trial.state.name for trial in other.stored()} == {"COMPLETE", "PRUNED"}


def test_trials_beyond_the_recording_run_as_usual(place: Place, other: Place) -> None:
    record(place, tpe(objective="parabola", n_trials=6), LanePool(width=2))
    spec = tpe(objective="parabola", n_trials=9)
    events = replay(other, spec, LanePool(width=2), read_decisions(decisions(place)))
    assert not notices(events)
    assert outcome(other)[:6] == outcome(place)
    assert ended(events).progress.finished == 9


def test_a_replay_with_fewer_trials_completes(place: Place, other: Place) -> None:
    record(place, tpe(objective="parabola", n_trials=9), LanePool(width=2))
    events = replay(other, tpe(objective="parabola", n_trials=5), LanePool(width=2), read_decisions(decisions(place)))
    assert [event.number for event in of_kind(events, TrialBegan)] == list(range(5))
    assert ended(events).ending is Ending.REACHED


def test_hyperband_uses_the_brackets_of_the_recorded_study(place: Place, other: Place) -> None:
    spec = tpe(HyperbandPruner(min_resource=1, max_resource=3, reduction_factor=2), "parabola", n_trials=16)
    record(place, spec, LanePool(width=3))
    renamed = spec.model_copy(update={"study_name": "s-replay"})
    replayed = ReplayedPool(LanePool(width=3), read_decisions(decisions(place)))
    search = open_search(renamed, other.url, fingerprint={}, default_params={"x": 0.0})
    search.use_brackets_of("s")
    list(replayed.following(run_study(renamed, search, replayed, other.trials, StopSignal())))
    stored = search._study.get_trials()
    assert [(each.params, each.state) for each in stored] == [(each.params, each.state) for each in place.stored()]
    assert {each.state.name for each in stored} == {"COMPLETE", "PRUNED"}
    search.close()


def test_entries_of_trials_that_never_began_are_skipped() -> None:
    replayed = ReplayedPool(
        LanePool(),
        [
            StudyOpenedEntry("s", {}),
            ResultToldEntry(3, TrialState.FAIL),
            ReportsDecidedEntry((ReportJudgedEntry(3, 1, 0.5, pruned=False),)),
            TrialBegunEntry(0),
        ],
    )
    assert replayed.free_slots == 1
    assert deque(replayed.following(iter(()))) == deque()


def test_an_unwritable_file_ends_only_the_recording(place: Place) -> None:
    decisions(place).mkdir()
    events = record(place, tpe(objective="parabola", n_trials=2), LanePool())
    assert len([each for each in notices(events) if "no longer recorded" in each]) == 1
    assert ended(events).ending is Ending.REACHED
