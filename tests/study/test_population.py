"""A population in the loop: members, values and exploits do not depend on lanes and crashes."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from fxai.pool import WorkerPool
from fxai.protocol import TrialRequest
from fxai.search.open_search import open_search
from fxai.search.pbt_history import pbt_history_of
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.study import StudySpec
from fxai.study.events import (
    Ending,
    StudyEvent,
    TrialBegan,
    TrialExploited,
    TrialFinished,
    TrialProgressed,
    TrialSetAside,
)
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal
from lane_pool import LanePool
from study_place import Place, ended, of_kind

RATE = "training.learning_rate"
UPDATES = 8


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def population(n_trials: int = 8, size: int = 4, **further: Any) -> StudySpec:
    return StudySpec(
        study_name="s",
        parameters=(
            FloatParameter(name=RATE, low=1e-5, high=1e-1, log=True),
            FloatParameter(name="training.gamma", low=0.9, high=0.999),
        ),
        n_trials=n_trials,
        search=PopulationSearch(population=size, ready_interval=2),
        training_config=TrainingConfig(training=PpoConfig(total_updates=UPDATES, eval_frequency=1)),
        **further,
    )


def by_rate(request: TrialRequest, step: int) -> float:
    return step - abs(float(request.params[RATE] or 0.0) - 1e-3)


def pool(workers: int = 1, width: int = 8, **further: Any) -> LanePool:
    return LanePool(workers, width, updates=UPDATES, curve=by_rate, patient=True, **further)


def outcome(trial: FrozenTrial) -> tuple[Any, ...]:
    return trial.state, trial.params, trial.value, trial.intermediate_values, pbt_history_of(trial.user_attrs)


def outcomes(place: Place) -> list[tuple[Any, ...]]:
    return [outcome(trial) for trial in place.stored()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    place.run(population(), pool())
    return outcomes(place)


def exploits_by_step(events: list[StudyEvent]) -> Mapping[int, list[TrialExploited]]:
    found: dict[int, list[TrialExploited]] = {}
    for event in of_kind(events, TrialExploited):
        found.setdefault(event.step, []).append(event)
    return found


def test_the_worst_continue_from_the_best_and_all_reach_the_last_step(place: Place) -> None:
    events = place.run(population(n_trials=4), pool())
    assert ended(events).ending is Ending.REACHED
    assert sorted(exploits_by_step(events)) == [2, 4, 6]  # at the last step nothing is left to train
    for step, found in exploits_by_step(events).items():
        (exploit,) = found
        values = {
            event.report.number: event.report.value
            for event in of_kind(events, TrialProgressed)
            if event.report.step == step
        }
        assert values[exploit.donor] == max(values.values())
        assert values[exploit.number] == min(values.values())
    for trial in place.stored():
        assert sorted(trial.intermediate_values) == list(range(1, UPDATES + 1))
        assert trial.value == trial.intermediate_values[UPDATES]
        for before, after in pairwise(pbt_history_of(trial.user_attrs)):
            assert after.before == before.params
    assert not list(place.trials.glob("*/inherited*"))


def test_a_trial_keeps_the_parameters_that_it_began_with(place: Place) -> None:
    events = place.run(population(n_trials=4), pool())
    began = {event.number: event.params for event in reversed(of_kind(events, TrialBegan))}
    last = {event.result.number: event.params for event in of_kind(events, TrialFinished)}
    for trial in place.stored():
        assert trial.params == began[trial.number]
        lineage = pbt_history_of(trial.user_attrs)
        assert last[trial.number] == (lineage[-1].params if lineage else trial.params)
    best = ended(events).progress.best_trial
    assert best is not None
    assert ended(events).best_params == last[best]


def test_populations_run_one_after_another(place: Place) -> None:
    events = place.run(population(n_trials=10), pool())
    running: set[int] = set()
    for event in events:
        if isinstance(event, TrialBegan):
            running.add(event.number)
            assert len({number // 4 for number in running}) == 1
        if isinstance(event, TrialFinished):
            running.discard(event.result.number)
    for event in of_kind(events, TrialExploited):
        assert event.number // 4 == event.donor // 4
    assert ended(events).progress.complete == 10


def test_members_take_turns_on_fewer_lanes(place: Place, undisturbed: list[tuple[Any, ...]]) -> None:
    events = place.run(population(), pool(2, 1))
    assert of_kind(events, TrialSetAside)
    assert outcomes(place) == undisturbed


@dataclass(frozen=True)
class Circumstances:
    """Numbers of lanes, changes of these numbers and killed runs, on which results must not depend."""

    workers: int
    width: int
    max_running_trials: int
    halved_at: set[int]
    kills: list[int]  # numbers of events after which a run is killed


CIRCUMSTANCES = st.builds(
    Circumstances,
    workers=st.integers(1, 3),
    width=st.integers(1, 5),
    max_running_trials=st.integers(1, 5),
    halved_at=st.sets(st.integers(1, 30), max_size=2),
    kills=st.lists(st.integers(1, 60), max_size=3),
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CIRCUMSTANCES)
def test_results_do_not_depend_on_lanes_and_killed_runs(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: list[tuple[Any, ...]], at: Circumstances
) -> None:
    place = Place(tmp_path_factory.mktemp("disturbed"))
    spec = population(max_concurrent_trials=at.max_running_trials, retries=len(at.kills))  # no trial fails for them
    for events in at.kills:
        killed_after(place, spec, pool(at.workers, at.width), events)
    last = pool(at.workers, at.width)
    last.halved_at = at.halved_at
    assert ended(place.run(spec, last)).ending is Ending.REACHED
    assert outcomes(place) == undisturbed


def killed_after(place: Place, spec: StudySpec, workers: WorkerPool, events: int) -> None:
    """Run for this number of events, then end as a killed process does: no trial is requeued."""
    search = open_search(spec, place.url, fingerprint={"of": "this test"}, default_params={"x": 0.0})
    running = run_study(spec, search, workers, place.trials, StopSignal())
    for happened, _ in zip(count(), running, strict=False):
        if happened == events:
            break
    cast("Generator[StudyEvent]", running).close()
    search.close()


def test_a_failed_member_leaves_its_population(place: Place) -> None:
    events = place.run(population(n_trials=4, retries=0), pool(4, 1, crashing=[2]))
    states = {trial.number: trial.state for trial in place.stored()}
    assert states == {number: OptunaState.FAIL if number == 2 else OptunaState.COMPLETE for number in range(4)}
    assert all(2 not in (event.number, event.donor) for event in of_kind(events, TrialExploited))
    assert sorted(exploits_by_step(events)) == [2, 4, 6]


def test_a_crashing_trial_is_found_although_the_others_wait_for_it(place: Place) -> None:
    events = place.run(population(n_trials=4, retries=1), pool(1, 4, crashing=[2]))
    assert ended(events).progress.failed == 1
    assert ended(events).progress.complete == 3


def test_a_stopped_population_continues(place: Place, undisturbed: list[tuple[Any, ...]]) -> None:
    stop = StopSignal()
    with place.running(population(), pool(2, 1), stop) as events:
        seen = []
        for event in events:
            seen.append(event)
            if isinstance(event, TrialExploited):
                stop.request()
    assert ended(seen).ending is Ending.INTERRUPTED
    resumed = place.run(population(), pool())
    assert all(event.attempt == 0 for event in of_kind(resumed, TrialBegan))
    assert outcomes(place) == undisturbed


def test_timeouts_do_not_change_the_results(place: Place, undisturbed: list[tuple[Any, ...]]) -> None:
    spec = population(timeout=0.2)
    for _ in range(40):
        if ended(place.run(spec, pool(1, 1))).ending is Ending.REACHED:
            break
    place.run(population(), pool(1, 1))
    assert outcomes(place) == undisturbed


def test_a_larger_total_starts_a_new_population(place: Place) -> None:
    place.run(population(n_trials=6), pool())
    events = place.run(population(n_trials=8), pool())
    assert {number for event in of_kind(events, TrialExploited) for number in (event.number, event.donor)} <= {6, 7}
    assert ended(events).progress.complete == 8
