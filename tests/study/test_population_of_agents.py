"""A population of real trainings has equal results on any lanes and workers, after a kill, and trained again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from optuna import Study
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from cli.conftest import call_fxai
from fxai.pool import InlinePool, LocalPool, WorkerPool
from fxai.protocol import LanePlan, Slot
from fxai.results.training.best_config import BestConfig, load_best_config
from fxai.search.open_search import open_search
from fxai.search.pbt_history import pbt_history_of
from fxai.search.studies import load_study
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from fxai.study.events import StudyEvent, TrialExploited
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal
from host_processes import OWN_FOLDER, tcp_workers
from inline_workers import train_in_this_process

SPEC = """\
name: members
save_study_plots: false
studies:
  - study_name: s
    n_trials: 6
    seeds_per_trial: {seeds}
    search: {{type: pbt, population: 6, ready_interval: 2, quantile: 0.34}}
    resources: {{lanes_per_worker: {lanes}}}
    n_jobs: {jobs}
    parameters:
      - {{name: training.learning_rate, type: float_log, low: 1e-4, high: 3e-2}}
      - {{name: training.gamma, type: float, low: 0.9, high: 0.999}}
      - {{name: width, path: model.d_model, type: categorical, choices: [8, 12]}}
      - {{name: env.reward.holding_penalty_coefficient, type: float, low: 0.0, high: 2.0}}
    training_config:
      data: {{split: {{embargo_bars: 24}}}}
      env: {{max_episode_steps: 32}}
      model: {{d_model: 8}}
      training: {{total_updates: 8, eval_frequency: 1, n_envs: 4, rollout_steps: 16, n_epochs: 1}}
"""


def written(folder: Path, *, lanes: int, jobs: int = 1, seeds: int = 1) -> Path:
    path = folder / "members.yaml"
    path.write_text(SPEC.format(lanes=lanes, jobs=jobs, seeds=seeds))
    return path


def plan(study: StudySpec) -> LanePlan:
    config = study.training_config.model_dump(mode="json")
    return LanePlan("fx_trading", config, study.seeds_per_trial, study.resources.lanes_per_worker)


def outcome(trial: FrozenTrial) -> tuple[Any, ...]:
    """The parts of a stored trial that lanes, workers and crashes must not change."""
    return trial.state, trial.params, trial.value, trial.intermediate_values, pbt_history_of(trial.user_attrs)


def outcomes(folder: Path, study: StudySpec, workers: WorkerPool) -> list[tuple[Any, ...]]:
    """The stored trials of a run on these workers."""
    url = f"sqlite:///{folder / 'here.db'}"
    search = open_search(study, url, fingerprint=fingerprint(study), default_params=default_params(study))
    with search:
        list(run_study(study, search, workers, folder / "trials", StopSignal()))
    workers.close()
    return list(map(outcome, load_study(url, "s").trials))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """All members on lanes of one worker in this process."""
    folder = tmp_path_factory.mktemp("together")
    (study,) = load_spec(written(folder, lanes=6)).studies
    return outcomes(folder, study, InlinePool(plan=plan(study)))


def test_members_continue_from_each_others_weights(together: list[tuple[Any, ...]]) -> None:
    lineages = [lineage for *_, lineage in together]
    assert sorted({exploit.step for lineage in lineages for exploit in lineage}) == [2, 4, 6]
    for state, params, value, reports, lineage in together:
        assert state is OptunaState.COMPLETE
        assert sorted(reports) == list(range(1, 9))
        assert value == reports[8]
        for exploit in lineage:
            donor = together[exploit.donor]
            assert donor[3][exploit.step] > reports[exploit.step]
            assert params.keys() == exploit.params.keys()


def test_members_on_two_hosts_with_own_folders_have_the_same_results(
    together: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    (study,) = load_spec(written(tmp_path, lanes=1)).studies
    with tcp_workers(tmp_path, 2, plan(study), environment=OWN_FOLDER) as (workers, _):
        assert outcomes(tmp_path, study, workers) == together


@pytest.mark.parametrize("kind", [InlinePool, LocalPool])
def test_members_that_take_turns_have_the_same_results(
    together: list[tuple[Any, ...]], tmp_path: Path, kind: type
) -> None:
    (study,) = load_spec(written(tmp_path, lanes=1)).studies
    slots = (Slot(0), Slot(1))
    inline = kind is InlinePool
    workers = InlinePool(slots, plan(study)) if inline else LocalPool(slots, tmp_path / "logs", plan(study))
    assert outcomes(tmp_path, study, workers) == together


def run_in_background(spec: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from fxai.cli.app import main; main()", "run", "--spec", str(spec), "--quiet"]
    return subprocess.Popen(command, cwd=spec.parent, start_new_session=True)


def reports_so_far(folder: Path) -> int:
    try:
        trials = load_study(f"sqlite:///{folder / 'optuna_studies.db'}", "s").trials
    except Exception:  # noqa: BLE001  # there is no study yet
        return 0
    return sum(len(trial.intermediate_values) for trial in trials)


def moments(folder: Path) -> Iterator[int]:
    while True:
        yield reports_so_far(folder)
        time.sleep(0.05)


def test_a_killed_run_resumes_to_the_same_results_and_its_winner_can_be_trained_again(
    together: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    spec = written(tmp_path, lanes=2, jobs=2)
    running = run_in_background(spec)
    for reports in moments(tmp_path):
        if reports >= 12 or running.poll() is not None:
            break
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    with train_in_this_process():
        resumed = call_fxai(tmp_path, "run", "--spec", str(spec), "--quiet")
    assert resumed.code == 0, resumed
    stored = load_study(f"sqlite:///{tmp_path / 'optuna_studies.db'}", "s")
    assert list(map(outcome, stored.trials)) == together

    check_shown_history(tmp_path, stored)
    results = tmp_path / "optuna_results" / "s"
    best = load_best_config(results / "s_best_config.yaml")
    assert isinstance(best, BestConfig)
    lineages = [lineage for *_, lineage in together]
    assert len(best.schedule) == len(lineages[best.trial]) + 1 or best.schedule[0].trial != best.trial
    with train_in_this_process():
        trained = call_fxai(tmp_path, "train", str(results / "s_best_config.yaml"), "--output", "again")
    assert trained.code == 0, trained
    assert (tmp_path / "again" / "agent.safetensors").read_bytes() == (results / "best_agent.safetensors").read_bytes()


@train_in_this_process()
def test_a_winner_of_several_seeds_can_be_trained_again(tmp_path: Path) -> None:
    """Each seed follows the lineage with the seeds that the members had in its lane."""
    spec = written(tmp_path, lanes=12, seeds=2)
    finished = call_fxai(tmp_path, "run", "--spec", str(spec), "--quiet")
    assert finished.code == 0, finished
    results = tmp_path / "optuna_results" / "s"
    best = load_best_config(results / "s_best_config.yaml")
    assert isinstance(best, BestConfig)
    assert len(best.seeds) == 2
    assert len({segment.trial for segment in best.schedule}) > 1
    trained = call_fxai(tmp_path, "train", str(results / "s_best_config.yaml"), "--output", "again", "--quiet")
    assert trained.code == 0, trained
    assert (tmp_path / "again" / "agent.safetensors").read_bytes() == (results / "best_agent.safetensors").read_bytes()


def check_shown_history(folder: Path, study: Study) -> None:
    """`show` and the results file have the exploits of a member and its last parameters."""
    trial = next(trial for trial in study.trials if len(pbt_history_of(trial.user_attrs)) > 1)
    lineage = pbt_history_of(trial.user_attrs)
    shown = call_fxai(folder, "show", "s", str(trial.number)).out
    for each in lineage:
        assert f"at step {each.step} from trial {each.donor}: " in shown
    told = json.loads((folder / "optuna_results" / "s" / "s_results.json").read_text())["trials"][trial.number]
    assert told["params"] == lineage[-1].params
    assert told["lineage"] == [each.as_json() for each in lineage]


@pytest.mark.parametrize("events", [0, 3, 12])
def test_a_run_killed_after_an_exploit_resumes_to_the_same_results(
    together: list[tuple[Any, ...]], tmp_path: Path, events: int
) -> None:
    """By then, the donor has trained further and replaced its checkpoint."""
    (study,) = load_spec(written(tmp_path, lanes=3)).studies
    workers = InlinePool((Slot(0), Slot(1)), plan(study))
    url = f"sqlite:///{tmp_path / 'here.db'}"
    search = open_search(study, url, fingerprint=fingerprint(study), default_params=default_params(study))
    running = run_study(study, search, workers, tmp_path / "trials", StopSignal())
    while not isinstance(next(running), TrialExploited):
        pass
    for _ in range(events):
        next(running)
    cast("Generator[StudyEvent]", running).close()  # as a killed process does: no trial is requeued
    search.close()
    assert outcomes(tmp_path, study, InlinePool((Slot(0), Slot(1)), plan(study))) == together


def test_several_seeds_have_the_same_results_on_any_lanes(tmp_path: Path) -> None:
    found = []
    for lanes in (12, 2):
        folder = tmp_path / str(lanes)
        folder.mkdir()
        (study,) = load_spec(written(folder, lanes=lanes, seeds=2)).studies
        found.append(outcomes(folder, study, InlinePool(plan=plan(study))))
    assert found[0] == found[1]
    assert any(lineage for *_, lineage in found[0])


ALGORITHMS = """\
      - {name: training.algorithm, type: categorical, choices: [ppo, d3qn]}
      - name: training.clip_epsilon
        type: float
        low: 0.1
        high: 0.3
        when: {training.algorithm: ppo}
      - name: training.batch_size
        type: categorical
        choices: [16, 32]
        when: {training.algorithm: d3qn}
      - name: training.learning_starts
        type: int
        low: 40
        high: 64
        when: {training.algorithm: d3qn}
"""


@train_in_this_process()
def test_members_of_several_algorithms_copy_the_algorithm_with_the_weights(tmp_path: Path) -> None:
    spec = written(tmp_path, lanes=6)
    text = spec.read_text().replace(", n_epochs: 1", ", buffer_size: 256, learning_starts: 40, algorithm: d3qn")
    spec.write_text(text.replace("    training_config:\n", f"{ALGORITHMS}    training_config:\n"))
    finished = call_fxai(tmp_path, "run", "--spec", str(spec), "--quiet")
    assert finished.code == 0, finished
    trials = load_study(f"sqlite:///{tmp_path / 'optuna_studies.db'}", "s").trials
    crossed = False
    for trial in trials:
        assert trial.state is OptunaState.COMPLETE
        for exploit in pbt_history_of(trial.user_attrs):
            before, after = exploit.before["training.algorithm"], exploit.params["training.algorithm"]
            assert ("training.clip_epsilon" in exploit.params) == (after == "ppo")
            assert ("training.batch_size" in exploit.params) == (after == "d3qn")
            crossed |= before != after
    assert crossed
    best = tmp_path / "optuna_results" / "s"
    trained = call_fxai(tmp_path, "train", str(best / "s_best_config.yaml"), "--output", "again", "--quiet")
    assert trained.code == 0, trained
    assert (tmp_path / "again" / "agent.safetensors").read_bytes() == (best / "best_agent.safetensors").read_bytes()
