"""Stop rules and what trials took, from the command line to what the commands show."""

import json
import re
from pathlib import Path

import pytest

from cli.conftest import SMALL_SPEC, Finished, call_fxai

STEPS = 2 * 2 * 8 * 2  # updates, environments, steps of a rollout, seeds


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder where a budget of steps ended the study after its second trial of two seeds."""
    folder = tmp_path_factory.mktemp("stopped")
    (folder / "small.yaml").write_text(SMALL_SPEC)
    settings: tuple[str, ...] = ("--set", f"stop.env_steps={2 * STEPS}", "--set", "seeds_per_trial=2")
    settings = (*settings, "--set", "max_concurrent_trials=1", "--set", "resources.lanes_per_worker=2")
    return folder, call_fxai(folder, "run", "--spec", "small.yaml", "--n-jobs", "1", "--n-trials", "9", *settings)


def test_a_run_names_the_rule_that_ended_it(stopped: tuple[Path, Finished]) -> None:
    _, finished = stopped
    assert finished.code == 0, finished
    assert f": its trials reached {2 * STEPS} environment steps (stop.env_steps)\n" in finished.out
    assert "│ Completed trials │ 2 " in finished.out
    assert re.search(r"│ Ended by +│ stop.env_steps +│", finished.out)


def test_the_commands_name_the_rule_too(stopped: tuple[Path, Finished]) -> None:
    folder, _ = stopped
    (status,) = json.loads(call_fxai(folder, "status", "--json").out)
    assert status["ended_by"] == "env_steps"
    shown = call_fxai(folder, "status").out
    assert "Stop rule" in shown
    assert "env_steps" in shown
    assert "stop.env_steps" in call_fxai(folder, "results").out
    document = json.loads((folder / "optuna_results" / "small" / "small_results.json").read_text())
    assert document["summary"]["ended_by"]["rule"] == "env_steps"


def test_each_trial_has_its_usage(stopped: tuple[Path, Finished]) -> None:
    folder, _ = stopped
    trial = json.loads(call_fxai(folder, "show", "small", "0", "--json").out)
    assert trial["env_steps"] == STEPS
    assert trial["steps_per_second"] == pytest.approx(STEPS / trial["seconds"])
    assert 50 < trial["peak_memory_mb"] < 5000
    assert trial["peak_gpu_memory_mb"] is None
    shown = call_fxai(folder, "show", "small", "0").out
    assert f"Resources:\n  environment steps: {STEPS}\n  steps per second: " in shown
    assert "  peak memory of its worker: " in shown


def test_a_plan_shows_the_rules(stopped: tuple[Path, Finished]) -> None:
    settings = ("--set", "stop.patience=20", "--set", "stop.min_delta=0.001")
    plan = call_fxai(stopped[0], "run", "--spec", "small.yaml", "--dry-run", *settings).out
    assert "\nStop       patience 20, min_delta 0.001\n" in plan
