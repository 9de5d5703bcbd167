"""Studies whose workers run on a Ray cluster: the decisions of local ones, and no trial lost with a node."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from fxai.pool import InlinePool, WorkerPool
from fxai.protocol import Slot, TrialPaths
from fxai.spec.reading.load import load_spec
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.samplers import TPESampler
from fxai.study.events import StudyEvent, TrialFinished, TrialProgressed
from fxai.study.stop_signal import StopSignal
from ray_cluster import KeptHosts, SmallCluster, kept_hosts, ray_pool
from study.test_population_of_agents import outcomes, plan, written
from study_place import Place, of_kind, study


@pytest.fixture(scope="module")
def far_hosts(ray_cluster: SmallCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptHosts]:
    """Hosts that do not share the study's folder."""
    with kept_hosts(ray_cluster.address, tmp_path_factory.mktemp("far"), own_folder=True) as hosts:
        yield hosts


def decisions(folder: Path, workers: WorkerPool) -> list[tuple[Any, ...]]:
    """Proposals, reports, prunings and results of a study with one worker."""
    folder.mkdir()
    spec = study(
        "parabola",
        n_trials=14,
        sampler=TPESampler(n_startup_trials=4),
        pruner=MedianPruner(n_startup_trials=3, n_warmup_steps=0),
        max_concurrent_trials=1,
    )
    place = Place(folder)
    place.run(spec, workers)
    return [(each.number, each.params, each.state, each.value, each.intermediate_values) for each in place.stored()]


def test_the_same_reports_lead_to_the_same_decisions_as_on_this_machine(ray_hosts: KeptHosts, tmp_path: Path) -> None:
    here = decisions(tmp_path / "here", InlinePool((Slot(0),)))
    assert {state for _, _, state, *_ in here} == {OptunaState.COMPLETE, OptunaState.PRUNED}
    assert decisions(tmp_path / "there", ray_pool(ray_hosts, tmp_path / "logs", workers=1)) == here


def test_a_node_that_is_killed_costs_its_trials_one_retry_and_nothing_else(
    ray_cluster: SmallCluster, far_hosts: KeptHosts, tmp_path: Path
) -> None:
    """The trials continue from the checkpoints that travelled to the parent before."""
    place, spec = Place(tmp_path), study("paced", n_trials=12, max_concurrent_trials=4, keep_best_n=12)
    events: list[StudyEvent] = []
    killed: list[Callable[..., None]] = []
    begun: set[int] = set()  # running trials with a report
    with ray_cluster.node(2, far=2.0) as kill, ray_cluster.node(2, far=2.0):
        workers = ray_pool(far_hosts, tmp_path / "logs", workers=4, far=1.0)
        with place.running(spec, workers, StopSignal()) as running:
            for event in running:
                events.append(event)
                if isinstance(event, TrialProgressed):
                    begun.add(event.report.number)
                elif isinstance(event, TrialFinished):
                    begun.discard(event.result.number)
                if len(begun) >= 3 and not killed:  # at least one of them is on the node
                    kill()
                    killed.append(kill)
    stored = place.stored()
    assert [trial.number for trial in stored] == list(range(12))
    assert {trial.state for trial in stored} == {OptunaState.COMPLETE}
    assert all([*trial.intermediate_values] == [1, 2, 3, 4] for trial in stored)
    finished = of_kind(events, TrialFinished)
    assert sorted(event.result.number for event in finished) == list(range(12))
    retried = [event.result for event in finished if event.result.metrics["attempt"]]
    assert 1 <= len(retried) <= 2
    assert {result.metrics["attempt"] for result in retried} == {1.0}
    assert any(result.metrics["found"] for result in retried), "a trial begins again without its checkpoint"
    for number in range(12):
        assert TrialPaths.of(place.trials, number).agent.read_text() == f"agent of {number}"
        assert not TrialPaths.of(place.trials, number).checkpoint.exists()


@pytest.mark.timeout(300)
def test_a_population_has_equal_results_between_nodes(
    ray_cluster: SmallCluster, far_hosts: KeptHosts, tmp_path: Path
) -> None:
    """Members continue from checkpoints of members on other nodes, which travel through the parent."""
    (spec,) = load_spec(written(tmp_path, lanes=3)).studies
    (tmp_path / "here").mkdir()
    here = outcomes(tmp_path / "here", spec, InlinePool((Slot(0),), plan(spec)))
    with ray_cluster.node(1, far=1.0), ray_cluster.node(1, far=1.0):
        workers = ray_pool(far_hosts, tmp_path / "logs", plan(spec), workers=2, far=1.0)
        (tmp_path / "there").mkdir()
        assert outcomes(tmp_path / "there", spec, workers) == here
