"""The example of order books runs from search to verdict, and its data are those that its program makes."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fxai
from book_market import PERSISTENCE, STRENGTH, write_book
from cli.conftest import call_fxai
from fxai.market.markets.dataset import prepare
from fxai.market.reading.sources import shipped_file
from fxai.spec.checks.advice import advice
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.reading.load import load_spec

EXAMPLE = Path(__file__).parents[2] / "examples" / "order_books"
SHORT = (
    "training.total_updates=2",
    "training.eval_frequency=1",
    "seeds_per_trial=1",
    "confirm.seeds=2",
    "verdict.seeds=2",
    "verdict.neighbours=0",
    "save_study_plots=false",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of a short search."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copy(EXAMPLE / "study.yaml", folder)
    settings = [word for setting in SHORT for word in ("--set", setting)]
    finished = call_fxai(
        folder, "run", "--spec", "study.yaml", "--n-trials", "2", "--n-jobs", "1", "--quiet", *settings
    )
    assert finished.code == 0, finished
    return folder


def test_the_example_is_wise() -> None:
    assert [line for study in load_spec(EXAMPLE / "study.yaml").studies for line in advice(study)] == []


def test_the_named_set_is_what_the_program_makes(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(fxai.__file__).parents[1])}
    program = [sys.executable, str(EXAMPLE / "make_books.py"), "btcusd_1m", "books.csv.gz", "--rows", "4320"]
    subprocess.run(program, cwd=tmp_path, env=environment, check=True)
    made, shipped = (pd.read_csv(path) for path in (tmp_path / "books.csv.gz", shipped_file("btcusd_book_1m")))
    assert list(made.columns) == list(shipped.columns)
    assert made.shape == shipped.shape
    assert (made == shipped).to_numpy().mean() > 0.999  # logarithms and exponentials may round differently


def test_the_search_ends_with_a_verdict_and_an_agent_of_the_book(folder: Path) -> None:
    results = folder / "optuna_results" / "order_books"
    assert json.loads((results / "verdict.json").read_text())["study"] == "order_books"
    agent = fxai.load_agent(results / "best_agent.safetensors")
    assert {"book_imbalance_1", "book_microprice", "book_volatility_60"} <= set(agent.standardizer.names)


def test_an_agent_acts_on_the_latest_snapshots(folder: Path) -> None:
    agent = fxai.load_agent(folder / "optuna_results" / "order_books" / "best_agent.safetensors")
    latest = pd.read_csv(shipped_file("btcusd_book_1m")).tail(agent.bars_needed)
    assert agent.observation(latest).shape == agent.observation_shape


def test_the_export_and_the_evaluation_of_the_agent(folder: Path) -> None:
    agent = "optuna_results/order_books/best_agent.safetensors"
    evaluated = call_fxai(folder, "evaluate", agent)
    assert evaluated.code == 0, evaluated
    on_bars = call_fxai(folder, "evaluate", agent, "--data", "btcusd_1m")
    assert on_bars.code == 2
    assert "btcusd_1m: data.features.order_book needs order-book snapshots, and the data have bars" in on_bars.err
    exported = call_fxai(folder, "export", "order_books", "--output", "exported")
    assert exported.code == 0, exported


def test_factors_of_a_network_that_is_fitted_on_the_train_split_predict_later_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, rows, path = tmp_path / "book.csv", 4000, str(EXAMPLE / "fit_factors.py")
    write_book(source, seed=4, rows=rows)
    monkeypatch.setattr(sys, "argv", [path, str(source), "--horizons", "1"])
    program = runpy.run_path(path, run_name="__main__")
    market = prepare(DataConfig.model_validate({"source": str(source), "features": program["FEATURES"]}))
    read = DataConfig.model_validate({"source": str(tmp_path / "book*"), "features": {"columns": "all"}})
    assert "factor_0" in prepare(read).feature_names
    (factor,) = np.load(tmp_path / "book_predict.npy").T
    earned = np.append(np.diff(np.log(market.close))[1:], [0.0, 0.0])  # by an order that follows from a row
    later = slice(market.splits.train.stop, rows - 2)
    assert np.corrcoef(factor[later], earned[later])[0, 1] > 0.7 * STRENGTH * PERSISTENCE

    cut = market.splits.train.stop + 100
    kept = np.arange(rows) < cut
    close, features = np.where(kept, market.close, 1.0), np.where(kept[:, None], market.features, 0.0)
    changed = program["factors"](replace(market, close=close, features=features), [1], seed=0)
    np.testing.assert_array_equal(changed[:cut, 0], factor[:cut])
