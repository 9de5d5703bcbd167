"""Agents whose features are columns of the data, of a function and of higher time frames."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fxai
from fxai.errors import DataError
from fxai.market.markets.dataset import prepare
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.objectives.train_agent import train_agent
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.evaluation_window import evaluation_window
from fxai.spec.fields.training_config import TrainingConfig

MODULE = "agent_features_of_a_test"
CODE = """
def build(bars, factor):
    return {"own": factor * bars["rsi"]}
"""
BARS = 900


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module and a file of bars."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{MODULE}.py").write_text(CODE)
    frame().to_csv(tmp_path / "bars.csv", index=False)
    return tmp_path


def frame(**columns: Any) -> pd.DataFrame:
    bars = synthetic_market(seed=3, bars=BARS)
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame({"time": bars.time, **prices, "rsi": np.sin(np.arange(BARS)), **columns})


def trained(columns: Any = ("rsi",)) -> Agent:
    features = {
        "columns": columns,
        "function": f"{MODULE}:build",
        "function_window": 3,
        "arguments": {"factor": 2.0},
        "timeframes": {"4h": {"return_horizons": [2]}},
    }
    config = TrainingConfig.model_validate(
        {
            "data": {"source": "bars.csv", "resample": "1h", "features": features},
            "env": {"observation_window": 3},
            "model": {"d_model": 8, "n_layers": 1},
            "training": {"total_updates": 1, "n_envs": 2, "rollout_steps": 16, "batch_size": 16, "n_epochs": 1},
        }
    )
    return train_agent(config, config.env, seed=1).agent


def test_an_agent_names_its_features_and_finds_them_again(folder: Path) -> None:
    agent = trained()
    assert agent.standardizer.names[-3:] == ("rsi", "own", "4h_return_2")
    agent.save(folder / "agent.safetensors")
    loaded = fxai.load_agent(folder / "agent.safetensors")
    assert loaded.config.data.features == agent.config.data.features
    assert loaded.standardizer == agent.standardizer
    window = evaluation_window(loaded)
    assert window.is_training_data
    np.testing.assert_array_equal(window.market.features, prepare(agent.config.data).features)


def test_an_observation_needs_the_last_bars_only() -> None:
    agent = trained()
    assert agent.bars_needed == 120 + 3
    whole, last = agent.observation(frame()), agent.observation(frame().tail(agent.bars_needed))
    np.testing.assert_allclose(whole, last, rtol=0, atol=1e-5)
    np.testing.assert_allclose(whole[:, :-4], prepare(agent.config.data).features[-3:], atol=1e-6)


def test_all_columns_are_those_of_the_training() -> None:
    agent = trained("all")
    assert agent.config.data.features.columns == ("rsi",)
    more = agent.observation(frame(another=1.0))
    np.testing.assert_array_equal(more, agent.observation(frame()))


def test_what_is_missing_is_said(folder: Path) -> None:
    agent = trained()
    with pytest.raises(DataError, match=r"columns has 'rsi', but the file has no such column. It has time, open"):
        agent.observation(frame().drop(columns="rsi"))
    late = frame()
    late.loc[: BARS - 5, "rsi"] = np.nan
    with pytest.raises(DataError, match="has 1 bars with all features; the observation needs the last 3"):
        agent.observation(late)
    del sys.modules[MODULE]
    (folder / f"{MODULE}.py").unlink()
    with pytest.raises(DataError, match=f"{MODULE}:build: there is no module {MODULE}"):
        agent.observation(frame())
