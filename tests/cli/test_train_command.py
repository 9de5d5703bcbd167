"""`fxai train` on what a study left: its best agent once more."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import fmean

from child_process import ChildProcess
from cli.conftest import Finished, call_fxai
from fxai.market.scores.track_record import read_track_record
from fxai.metric_text import number_text
from fxai.objectives.train_agent import train_agent
from fxai.results.same_bars import error_of_mean
from fxai.results.training.plan import load_plan
from fxai.search.lock import hold
from fxai.spec.fields.training_config import TrainingConfig

SmallRun = tuple[Path, Finished]


def test_the_best_config_trains_the_very_same_agent(small_run: SmallRun, tmp_path: Path) -> None:
    results = small_run[0] / "optuna_results" / "small"
    trained = call_fxai(tmp_path, "train", str(results / "small_best_config.yaml"), "--output", "again")
    assert trained.code == 0, trained
    assert "Agent: again/agent.safetensors" in trained.out
    assert (tmp_path / "again" / "agent.safetensors").read_bytes() == (results / "best_agent.safetensors").read_bytes()
    assert not list((tmp_path / "again").glob("checkpoint*"))
    record = read_track_record(tmp_path / "again" / "agent_validation.json")
    (told,) = json.loads((tmp_path / "again" / "training.json").read_text())["results"]
    assert record.metrics["mean_reward"] == told["value"]


def test_a_config_with_faults_is_refused_with_each_of_them(small_run: SmallRun, tmp_path: Path) -> None:
    whole = (small_run[0] / "optuna_results" / "small" / "small_best_config.yaml").read_text()
    (tmp_path / "broken.yaml").write_text(whole.replace("gamma: 0.99", "gamma: 1.99").replace("d_model:", "d_modell:"))
    refused = call_fxai(tmp_path, "train", "broken.yaml")
    assert refused.code == 2
    assert "training_config.training.gamma" in refused.err
    assert "did you mean 'd_model'?" in refused.err
    assert not (tmp_path / "trained").exists()


def test_a_config_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused = call_fxai(tmp_path, "train", "nothing.yaml")
    assert refused.code == 2
    assert "nothing.yaml" in refused.err


def small_config(small_run: SmallRun, folder: Path) -> str:
    shutil.copy(small_run[0] / "optuna_results" / "small" / "small_best_config.yaml", folder / "best.yaml")
    return "best.yaml"


def test_wrong_settings_train_nothing(small_run: SmallRun, tmp_path: Path) -> None:
    refused = call_fxai(tmp_path, "train", small_config(small_run, tmp_path), "--set", "training.gama=0.9")
    assert refused.code == 2
    assert "did you mean 'training.gamma'?" in refused.err
    assert not (tmp_path / "trained").exists()


def test_a_killed_training_resumes_to_the_same_agents(small_run: SmallRun, tmp_path: Path) -> None:
    """Two seeds in one pack equal those trained alone; the folder then refuses further training."""
    config = small_config(small_run, tmp_path)
    settings = {"training.total_updates": "60", "training.eval_frequency": "5", "env.spread": "0.0005"}
    plan = load_plan(tmp_path / config, settings)
    made = (*(f"--set={key}={value}" for key, value in settings.items()), "--seeds", "2", "--save-path", "out")
    program = "from fxai.cli.app import main; main()"
    command = (sys.executable, "-c", program, "train", config, *made)
    with ChildProcess(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as training:
        assert training.stdout is not None
        next(line for line in training.stdout if "update 20 of 60" in line)
        training.kill()
    assert not list(tmp_path.glob("out/*/agent.safetensors"))

    resumed = call_fxai(tmp_path, "train", config, *made)
    assert (resumed.code, resumed.err) == (0, "")
    assert "update 60 of 60" in resumed.out
    results = json.loads((tmp_path / "out" / "training.json").read_text())["results"]
    assert results[0]["seed"] == plan.seeds[0]
    assert plan.scoring_env is not None
    for each in results:
        whole = TrainingConfig.model_validate(plan.config)
        train_agent(whole, plan.scoring_env, each["seed"]).agent.save(tmp_path / "alone.safetensors")
        agent = tmp_path / "out" / f"seed-{each['seed']}" / "agent.safetensors"
        assert agent.read_bytes() == (tmp_path / "alone.safetensors").read_bytes()
        assert (
            read_track_record(agent.with_name("agent_validation.json")).metrics["sharpe"] == each["metrics"]["sharpe"]
        )
    values = [each["value"] for each in results]
    files = [tmp_path / "out" / f"seed-{each['seed']}" / "returns.safetensors" for each in results]
    errors = error_of_mean("mean_reward", files, values)
    assert errors is not None
    told = number_text("mean_reward", fmean(values), errors.total, trading=True)
    assert f"mean_reward: {told} over 2 seeds (" in resumed.out
    assert "It holds two errors" in resumed.out

    again = call_fxai(tmp_path, "train", config, *made)
    assert "already holds this training" in again.out
    assert again.out.endswith(resumed.out[resumed.out.index("\nmean_reward: ") :])
    other = call_fxai(tmp_path, "train", config, *made, "--set", "env.spread=0.0001")
    assert other.code == 2
    assert "training_config.env.spread: 0.0005 -> 0.0001" in other.err
    with hold(tmp_path / "out" / ".training.lock", "the folder"):
        assert call_fxai(tmp_path, "train", config, *made).code == 3


def test_a_device_that_is_not_there_trains_nothing(small_run: SmallRun, tmp_path: Path) -> None:
    refused = call_fxai(tmp_path, "train", small_config(small_run, tmp_path), "--device", "99")
    assert refused.code == 2
    assert "this machine has no device '99'; its devices are cpu" in refused.err
    assert not (tmp_path / "trained").exists()
