"""The example of own features runs from search to verdict, and commands list its features."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fxai
from cli.conftest import call_fxai
from fxai.results.export.observation import observation_columns
from fxai.spec.checks.advice import advice
from fxai.spec.reading.load import load_spec

REPOSITORY = Path(__file__).parents[2]
SHORT = (
    "training.total_updates=2",
    "training.eval_frequency=1",
    "seeds_per_trial=1",
    "confirm.seeds=2",
    "verdict.seeds=2",
    "verdict.neighbours=0",
    "save_study_plots=false",
)
OWN = ("efficiency", "rsi_change", "4h_return_1", "1d_return_1", "1d_volatility_5")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The current folder of the user; the example is in `example` below it."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copytree(REPOSITORY / "examples" / "own_features", folder / "example")
    environment = {**os.environ, "PYTHONPATH": str(Path(fxai.__file__).parents[1])}
    subprocess.run([sys.executable, "example/make_bars.py"], cwd=folder, env=environment, check=True)
    return folder


def test_check_and_describe_list_the_features(folder: Path) -> None:
    checked = call_fxai(folder, "check", "example/study.yaml")
    assert (
        "Features: 15 built-in; columns: rsi, range_rank; my_features:build: efficiency, rsi_change; 4h:" in checked.out
    )
    described = call_fxai(folder, "data", "describe", "example/bars.csv", "--features", "columns: all", "--json")
    found = json.loads(described.out)
    assert found["features"][-2:] == ["rsi", "range_rank"]
    assert found["warm_up"] == 120
    shown = call_fxai(folder, "data", "describe", "example/bars.csv", "--features", "{columns: [rsi]}")
    assert "16, complete after 120 bars (15 built-in; columns: rsi)" in shown.out


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("rsi", "write a mapping of keys of data.features"),
        ("colums: all", "--features: colums: unknown key; did you mean 'columns'?"),
        ("{function: 'a:b'}", "function needs function_window"),
    ],
)
def test_wrong_features_of_describe_are_one_message(folder: Path, features: str, message: str) -> None:
    finished = call_fxai(folder, "data", "describe", "example/bars.csv", "--features", features)
    assert finished.code == 2
    assert message in finished.err


def test_check_refuses_a_function_that_fails(folder: Path) -> None:
    shutil.copytree(folder / "example", folder / "wrong")
    (folder / "wrong" / "wrong_features.py").write_text("def build(bars, period):\n    return bars['nothing']\n")
    text = (folder / "wrong" / "study.yaml").read_text().replace("my_features:", "wrong_features:")
    (folder / "wrong" / "study.yaml").write_text(text)
    checked = call_fxai(folder, "check", "wrong/study.yaml")
    assert checked.code == 2
    assert "KeyError: 'nothing' (wrong_features.py, line 2)" in checked.err


def test_check_refuses_a_window_that_is_too_short_for_the_greatest_argument(folder: Path) -> None:
    text = (folder / "example" / "study.yaml").read_text().replace("function_window: 96", "function_window: 4")
    (folder / "example" / "short.yaml").write_text(text)
    checked = call_fxai(folder, "check", "example/short.yaml")
    assert checked.code == 2
    assert "with period=96: 'rsi_change' is nan at bar" in checked.err
    assert "raise data.features.function_window" in checked.err


def test_the_example_is_wise() -> None:
    assert [
        line for study in load_spec(REPOSITORY / "examples/own_features/study.yaml").studies for line in advice(study)
    ] == []


def test_the_example_runs_from_search_to_verdict(folder: Path) -> None:
    """Its workers are processes of their own, which import the module of the example."""
    settings = [word for setting in SHORT for word in ("--set", setting)]
    run = ("run", "--spec", "example/study.yaml", "--n-trials", "2", "--n-jobs", "1", "--quiet", *settings)
    finished = call_fxai(folder, *run)
    assert finished.code == 0, finished
    results = folder / "optuna_results" / "own_features"
    assert json.loads((results / "verdict.json").read_text())["study"] == "own_features"
    agent = fxai.load_agent(results / "best_agent.safetensors")
    assert agent.standardizer.names[-len(OWN) :] == OWN
    observed = observation_columns(results / "best_agent.safetensors")
    assert observed is not None
    assert (observed.window, len(observed.names)) == agent.observation_shape
    assert observed.names[:-4] == agent.standardizer.names
    evaluated = call_fxai(folder, "evaluate", str(results / "best_agent.safetensors"), "--data", "eurusd_1h")
    assert evaluated.code == 2
    assert "eurusd_1h: data.features.columns has 'rsi', but the file has no such column" in evaluated.err
