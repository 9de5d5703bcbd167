"""The example of several instruments: its bars are made, and its search runs to its verdict."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from cli.conftest import call_fxai
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.rl.agents.agent_file import load_agent
from inline_workers import train_in_this_process

EXAMPLE = Path(__file__).parents[2] / "examples" / "instruments"
SHORT = (
    "training.total_updates=2",
    "training.eval_frequency=1",
    "n_trials=2",
    "seeds_per_trial=2",
    "n_jobs=1",
    "confirm=off",
    "verdict.seeds=2",
    "verdict.neighbours=0",
)


@train_in_this_process()
def test_the_example_searches_on_the_bars_that_it_makes(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "example", ignore=shutil.ignore_patterns("bars"))
    subprocess.run([sys.executable, tmp_path / "example" / "make_bars.py"], check=True, capture_output=True)
    described = call_fxai(tmp_path, "data", "describe", "example/bars", "--instruments", "all", "--json")
    found = json.loads(described.out)["instruments"]
    assert {name: each["bars"] for name, each in found.items()} == {"EURUSD": 6225, "LONDON": 2591, "USDEUR": 6225}
    assert all(each["split_problem"] is None for each in found.values())

    settings = [word for setting in SHORT for word in ("--set", setting)]
    ran = call_fxai(tmp_path, "run", "--spec", "example/instruments.yaml", "--quiet", *settings)
    assert ran.code == 0, ran
    study = tmp_path / "optuna_results" / "instruments"
    agent = load_agent(study / "best_agent.safetensors")
    assert [each.name for each in agent.instruments] == ["EURUSD", "LONDON", "USDEUR"]
    returns = read_bar_returns(study / "trials" / "00001" / "returns.safetensors")
    assert returns.instruments is not None
    assert len(returns.instruments.dates()) == returns.instruments.counts[0]  # LONDON has no date of its own
    assert np.isfinite(returns.returns).all()
    verdict = json.loads((study / "verdict.json").read_text())
    assert [each["name"] for each in verdict["instruments"]] == ["EURUSD", "LONDON", "USDEUR"]
