"""A worker with several real trainings is killed during a study, and the results of the study do not change."""

import os
import signal
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from fxai.pool import InlinePool, LocalPool
from fxai.protocol import LanePlan, Slot
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.samplers import RandomSampler
from fxai.spec.search.study import Resources, StudySpec
from fxai.study.events import StudyEvent, TrialBegan, TrialProgressed, TrialRequeued, WorkerReplaced
from fxai.study.stop_signal import StopSignal
from study_place import Place, ended, of_kind
from worker_process import worker_process

TRIALS, SEEDS, LANES, UPDATES = 4, 2, 8, 6
STUDY = StudySpec(
    study_name="s",
    parameters=(
        FloatParameter(name="training.learning_rate", low=1e-4, high=1e-2, log=True),
        FloatParameter(name="training.gamma", low=0.9, high=0.999),
    ),
    n_trials=TRIALS,
    seeds_per_trial=SEEDS,
    max_concurrent_trials=TRIALS,
    sampler=RandomSampler(),
    pruner=NopPruner(),
    resources=Resources(lanes_per_worker=LANES),
    training_config=TrainingConfig(
        env=EnvConfig(max_episode_steps=32),
        model=ModelConfig(d_model=8),
        training=PpoConfig(total_updates=UPDATES, eval_frequency=2, n_envs=4, rollout_steps=16, n_epochs=1),
    ),
)
PLAN = LanePlan("fx_trading", STUDY.training_config.model_dump(mode="json"), SEEDS, LANES)


def numbers(trial: FrozenTrial) -> tuple[Any, ...]:
    """The parts of a stored trial that other lanes must not change."""
    error = trial.user_attrs["standard_error"]
    return trial.state, trial.params, trial.value, trial.intermediate_values, error


def run_with_one_kill(place: Place) -> list[StudyEvent]:
    """Run the study on a worker that is killed once some of its trials are past their first report."""
    workers = LocalPool([Slot(0)], place.logs, PLAN)
    seen: list[StudyEvent] = []
    killed = False
    with place.running(STUDY, workers, StopSignal()) as events:
        for event in events:
            seen.append(event)
            if not killed and isinstance(event, TrialProgressed) and event.report.step == 2 * UPDATES // 3:
                os.kill(worker_process(), signal.SIGKILL)
                killed = True
    return seen


def test_a_killed_worker_does_not_change_the_results(tmp_path: Path) -> None:
    for name in ("disturbed", "undisturbed"):
        (tmp_path / name).mkdir()
    disturbed, undisturbed = Place(tmp_path / "disturbed"), Place(tmp_path / "undisturbed")
    events = run_with_one_kill(disturbed)
    (loss,) = of_kind(events, WorkerReplaced)
    assert "SIGKILL" in loss.message
    again = [event.number for event in of_kind(events, TrialRequeued)]
    assert len(again) > 1  # the worker had several trials
    assert {event.number for event in of_kind(events, TrialBegan) if event.attempt} == set(again)
    assert ended(events).progress.complete == TRIALS
    undisturbed.run(STUDY, InlinePool())
    assert [numbers(trial) for trial in disturbed.stored()] == [numbers(trial) for trial in undisturbed.stored()]
    assert {trial.state for trial in disturbed.stored()} == {OptunaState.COMPLETE}
