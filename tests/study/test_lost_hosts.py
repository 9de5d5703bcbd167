"""A host of workers is killed during a study, and no trial is lost, doubled or blamed."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from fxai.pool import InlinePool
from fxai.protocol import LanePlan, TrialPaths
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.samplers import RandomSampler
from fxai.spec.search.study import Resources, StudySpec
from fxai.study.events import StudyEvent, TrialBegan, TrialFinished, TrialProgressed, TrialRequeued, WorkerReplaced
from fxai.study.host_losses import MOST_HOST_LOSSES
from fxai.study.stop_signal import StopSignal
from host_processes import OWN_FOLDER, tcp_workers
from study_place import Place, ended, of_kind, study

TRIALS, UPDATES = 4, 6
AGENTS = StudySpec(
    study_name="s",
    parameters=(FloatParameter(name="training.learning_rate", low=1e-4, high=1e-2, log=True),),
    n_trials=TRIALS,
    max_concurrent_trials=TRIALS,
    sampler=RandomSampler(),
    pruner=NopPruner(),
    resources=Resources(lanes_per_worker=2),
    training_config=TrainingConfig(
        env=EnvConfig(max_episode_steps=32),
        model=ModelConfig(d_model=8),
        training=PpoConfig(total_updates=UPDATES, eval_frequency=2, n_envs=4, rollout_steps=16, n_epochs=1),
    ),
)


def numbers(trial: FrozenTrial) -> tuple[Any, ...]:
    """The parts of a stored trial that a lost host must not change."""
    return trial.state, trial.params, trial.value, trial.intermediate_values


def test_a_lost_host_does_not_change_the_results(tmp_path: Path) -> None:
    for name in ("disturbed", "undisturbed"):
        (tmp_path / name).mkdir()
    disturbed, undisturbed = Place(tmp_path / "disturbed"), Place(tmp_path / "undisturbed")
    plan = LanePlan("fx_trading", AGENTS.training_config.model_dump(mode="json"), 1, 2)
    seen: list[StudyEvent] = []
    again: dict[int, int] = {}  # the first step of each trial after the loss
    with tcp_workers(tmp_path / "disturbed", 1, plan, environment=OWN_FOLDER) as (workers, hosts):
        first: subprocess.Popen[str] | None = hosts.processes[0]
        with disturbed.running(AGENTS, workers, StopSignal()) as events:
            for event in events:
                seen.append(event)
                if not isinstance(event, TrialProgressed):
                    continue
                if first is not None and event.report.step == 4:
                    first.kill()
                    hosts.join("second")
                    first = None
                elif first is None and of_kind(seen, TrialRequeued):
                    again.setdefault(event.report.number, event.report.step)
    assert ended(seen).progress.complete == TRIALS
    losses = of_kind(seen, WorkerReplaced)
    assert [loss.host for loss in losses] == ["host-0"]
    requeued = [event.number for event in of_kind(seen, TrialRequeued)]
    assert requeued
    assert {event.number for event in of_kind(seen, TrialBegan) if event.attempt} == set(requeued)
    undisturbed.run(AGENTS, InlinePool())
    assert [numbers(trial) for trial in disturbed.stored()] == [numbers(trial) for trial in undisturbed.stored()]
    for number in range(TRIALS):
        paths = TrialPaths.of(disturbed.trials, number)
        assert paths.agent.exists()
        assert paths.returns.read_bytes() == TrialPaths.of(undisturbed.trials, number).returns.read_bytes()
        assert not paths.checkpoint.exists()


@pytest.mark.parametrize("losses", [3])
def test_a_trial_is_not_blamed_for_its_hosts(tmp_path: Path, losses: int) -> None:
    """Its retries are fewer than the hosts that are lost under it. The first loss costs an attempt."""
    assert losses < MOST_HOST_LOSSES
    place, spec = Place(tmp_path), study("slow", n_trials=1, retries=1)
    seen: list[StudyEvent] = []
    stop = StopSignal()
    with (
        tcp_workers(tmp_path, 1, environment=OWN_FOLDER) as (workers, hosts),
        place.running(spec, workers, stop) as run,
    ):
        for event in run:
            seen.append(event)
            if isinstance(event, TrialProgressed) and event.report.step == 2:
                if len(hosts.processes) > losses:
                    stop.request()
                else:
                    hosts.processes[-1].kill()
                    hosts.join(f"host-{len(hosts.processes)}")
    assert [event.attempt for event in of_kind(seen, TrialBegan)] == [0, 1, 1, 1]
    assert not of_kind(seen, TrialFinished)
    (trial,) = place.stored()
    assert trial.state is OptunaState.RUNNING, "the run was stopped, and the trial will continue"
