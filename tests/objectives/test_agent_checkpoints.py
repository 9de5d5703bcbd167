"""Which checkpoints of FxAI's agents a trial continues from. Other checkpoints are renamed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drive_workers import request_for, result_of
from fxai.pool import InlinePool
from fxai.protocol import Decision, Report, StudyIdentity, TrialPaths, TrialRequest
from fxai.rl.agents.numerics import NUMERICS
from fxai.rl.agents.tensor_file import read_tensors, write_tensors

CONFIG: dict[str, Any] = {
    "model": {"d_model": 8, "n_layers": 1},
    "env": {"max_episode_steps": 16},
    "training": {"total_updates": 3, "eval_frequency": 1, "n_envs": 2, "rollout_steps": 8, "batch_size": 8},
}


def request(folder: Path, key: str = "this study") -> TrialRequest:
    made: TrialRequest = request_for("fx_trading", 1, folder)
    return replace(made, config=CONFIG, base_config=CONFIG, study_identity=StudyIdentity(key))


def stopped(trial: TrialRequest, **versions: Any) -> Path:
    """Checkpoint of a trial that was stopped after an update, with these versions in its header."""
    with InlinePool() as workers:
        result_of(workers, trial, lambda _: Decision.STOP)
    path = TrialPaths(trial.directory).checkpoint
    header, state = read_tensors(path)
    identity: Any = header["identity"]
    torch = {"torch": identity["versions"]["torch"]}
    write_tensors(path, {**header, "identity": {**identity, "versions": {**torch, **versions}}}, state)
    return path


def updates_made(trial: TrialRequest) -> int:
    """Number of updates of a run of the trial, from its steps per second."""
    told: list[Report] = []
    with InlinePool() as workers:
        result = result_of(workers, trial, lambda report: told.append(report) or Decision.CONTINUE)
    assert [report.step for report in told] == [1, 2, 3]
    made: float = (result.usage.steps_per_second or 0.0) * result.seconds
    return round(made / 16)


@pytest.mark.parametrize(
    ("changed", "is_used"),
    [
        ({"numerics": NUMERICS}, True),
        ({"fxai": "0.1.0"}, NUMERICS == 1),
        ({"numerics": NUMERICS + 1}, False),
        ({"fxai": "0.0.9"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_only_checkpoints_of_the_same_numerics_are_used(
    tmp_path: Path,
    changed: dict[str, Any],
    is_used: bool,  # noqa: FBT001
) -> None:
    trial = request(tmp_path)
    path = stopped(trial, **changed)
    content = path.read_bytes()
    assert updates_made(trial) == (2 if is_used else 3)
    beside = path.with_name(f"{path.name}~1")
    assert beside.exists() is not is_used
    if not is_used:
        assert beside.read_bytes() == content


def test_another_studys_checkpoint_is_renamed(tmp_path: Path) -> None:
    path = stopped(request(tmp_path), numerics=NUMERICS)
    assert updates_made(request(tmp_path, "another study")) == 3
    assert path.with_name(f"{path.name}~1").exists()
