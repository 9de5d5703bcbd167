"""A trial that continues from another trial's checkpoint under its own parameters and seed."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fxai.objectives.fx_trading import open_lanes, signature
from fxai.protocol import (
    Decision,
    Inherited,
    JsonObject,
    LanePlan,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.spec.fields.training_config import TrainingConfig

QUICK = {"total_updates": 6, "eval_frequency": 1, "n_envs": 4, "rollout_steps": 16}
ALGORITHMS = {
    "ppo": {"n_epochs": 2, "batch_size": 32},
    "a2c": {},
    "dqn": {"batch_size": 32, "buffer_size": 512, "learning_starts": 32, "n_step": 3},
}
STEP = 3


def config(algorithm: str, **training: Any) -> JsonObject:
    own = {"algorithm": algorithm, **QUICK, **ALGORITHMS[algorithm], **training}
    written = {"model": {"d_model": 8, "dropout": 0.1}, "training": own}
    return TrainingConfig.model_validate(written).model_dump(mode="json")


def request(folder: Path, algorithm: str = "ppo", number: int = 0, **training: Any) -> TrialRequest:
    trial = config(algorithm, **training)
    return TrialRequest(
        study="inherited",
        number=number,
        attempt=0,
        objective="fx_trading",
        params={},
        config=trial,
        base_config=config(algorithm),
        seeds=(7,),
        metric="mean_reward",
        directory=folder / str(number),
        signature=signature(trial),
    )


def run(trial: TrialRequest, *, until: int | None = None) -> tuple[dict[int, float], TrialResult]:
    """Values by step and the result of a trial, which is stopped at step `until`."""
    lanes = open_lanes(LanePlan("fx_trading", trial.base_config, lanes=1), Slot(0))
    lanes.admit(trial)
    values: dict[int, float] = {}
    while True:
        for came in lanes.advance():
            if isinstance(came, TrialResult):
                return values, came
            assert isinstance(came, Report)
            values[came.step] = came.value
            lanes.decide(came.number, Decision.STOP if came.step == until else Decision.CONTINUE)


def inheriting(trial: TrialRequest, donor: TrialRequest, step: int = STEP) -> TrialRequest:
    """The trial, with the donor's checkpoint as its inherited checkpoint."""
    paths = TrialPaths(trial.directory)
    paths.directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(TrialPaths(donor.directory).checkpoint, paths.inherited(step))
    return replace(trial, inherited=Inherited(donor.number, step, paths.inherited(step)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_with_the_same_parameters_and_seed_it_equals_the_donor(algorithm: str, tmp_path: Path) -> None:
    whole, _ = run(request(tmp_path, algorithm))
    donor = request(tmp_path, algorithm, number=1)
    run(donor, until=STEP)
    values, result = run(inheriting(request(tmp_path, algorithm, number=2), donor))
    assert values == {step: value for step, value in whole.items() if step > STEP}
    assert result.state is TrialState.COMPLETE


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_with_other_parameters_or_seed_it_differs_from_the_donor(algorithm: str, tmp_path: Path) -> None:
    donor = request(tmp_path, algorithm)
    run(donor, until=STEP)
    alike = inheriting(request(tmp_path, algorithm, number=1), donor)
    found = {tuple(run(alike)[0].values())}
    found.add(tuple(run(inheriting(request(tmp_path, algorithm, number=2, learning_rate=0.01), donor))[0].values()))
    found.add(tuple(run(inheriting(replace(request(tmp_path, algorithm, number=3), seeds=(8,)), donor))[0].values()))
    assert len(found) == 3


def test_its_own_checkpoint_is_used_before_the_donors(tmp_path: Path) -> None:
    donor = request(tmp_path)
    run(donor, until=STEP)
    trial = inheriting(request(tmp_path, number=1, learning_rate=0.01), donor)
    whole, _ = run(trial)
    trial = inheriting(request(tmp_path, number=2, learning_rate=0.01), donor)
    run(trial, until=STEP + 1)
    values, _ = run(trial)
    assert values == whole  # the value of the saved step is reported again


def test_its_own_checkpoint_from_before_the_exploit_is_not_used(tmp_path: Path) -> None:
    """Even with the same parameters, as after two changes that cancel out."""
    trial, donor = request(tmp_path), replace(request(tmp_path, number=1), seeds=(8,))
    for each in (trial, donor):
        run(each, until=STEP)
    values, _ = run(inheriting(trial, donor))
    assert min(values) == STEP + 1


@pytest.mark.parametrize("left", ["nothing", "rubbish", "another step"])
def test_without_a_valid_inherited_checkpoint_it_fails(tmp_path: Path, left: str) -> None:
    donor = request(tmp_path)
    run(donor, until=STEP - 1 if left == "another step" else STEP)
    trial = inheriting(request(tmp_path, number=1), donor)
    assert trial.inherited is not None
    if left == "nothing":
        trial.inherited.checkpoint.unlink()
    elif left == "rubbish":
        trial.inherited.checkpoint.write_bytes(b"rubbish")
    _, result = run(trial)
    assert result.state is TrialState.FAIL
    assert result.error is not None
    assert trial.inherited.checkpoint.name in result.error.message
