"""Agents of several instruments: one standardizer for each, in their files and in what they observe."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from fxai.errors import InputError
from fxai.market.markets.instruments import prepare_set
from fxai.objectives.train_agent import train_agent
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.evaluation_window import evaluation_window, instrument_windows
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import config_with_embargo
from instrument_bars import LENGTHS, frame_of, instrument_bars, write_instruments


def config(folder: Path, **features: Any) -> TrainingConfig:
    data = {"source": write_instruments(folder), "features": {"volatility_windows": [24], **features}}
    quick = {"total_updates": 1, "n_envs": 2, "rollout_steps": 16, "n_epochs": 1, "batch_size": 32}
    env = {"max_episode_steps": 40, "observation_window": 3}
    return TrainingConfig.model_validate({"data": data, "env": env, "model": {"d_model": 8}, "training": quick})


def trained(folder: Path, seed: int = 0, **features: Any) -> Agent:
    whole = config(folder, **features)
    return train_agent(whole, whole.env, seed).agent


@pytest.mark.parametrize("instrument", [True, False])
def test_an_agent_of_one_instrument_observes_what_the_training_saw(tmp_path: Path, *, instrument: bool) -> None:
    agent = trained(tmp_path, instrument=instrument)
    for name, market in zip(LENGTHS, prepare_set(agent.config.data).markets, strict=True):
        of_one = agent.on(name)
        assert of_one.standardizer == market.standardizer
        seen = of_one.observation(frame_of(instrument_bars()[name]))
        np.testing.assert_allclose(seen[:, :-4], market.features[-3:], rtol=1e-6, atol=1e-6)
        assert of_one.act(seen) in {0, 1, 2}


def test_an_agent_of_one_instrument_needs_no_files_of_the_training(tmp_path: Path) -> None:
    agent = trained(tmp_path, instrument=True)
    for path in tmp_path.glob("*.csv"):
        path.unlink()
    bars = frame_of(instrument_bars()["EUR"])
    assert agent.on("EUR").observation(bars).shape == agent.observation_shape


def test_a_file_keeps_the_standardizer_of_each_instrument(tmp_path: Path) -> None:
    agent = trained(tmp_path)
    agent.save(tmp_path / "agent.safetensors")
    found = load_agent(tmp_path / "agent.safetensors")
    assert found.instruments == agent.instruments
    assert found.on("JPY").standardizer == agent.on("JPY").standardizer
    assert len({each.standardizer for each in found.instruments}) == len(LENGTHS)


def test_a_committee_is_one_of_each_instrument(tmp_path: Path) -> None:
    members = [trained(tmp_path, seed) for seed in range(2)]
    Committee.of(members).save(tmp_path / "agent.safetensors")
    found = load_agent(tmp_path / "agent.safetensors")
    assert isinstance(found, Committee)
    assert [each.name for each in found.instruments] == list(LENGTHS)
    seen = found.on("AUD").observation(frame_of(instrument_bars()["AUD"]))
    of_members = Committee.of([each.on("AUD") for each in members])
    np.testing.assert_array_equal(found.on("AUD").preferences(seen[None]), of_members.preferences(seen[None]))
    with pytest.raises(InputError, match="agent 1 differs from agent 0 in instruments"):
        Committee.of([members[0], replace(members[1], instruments=members[1].instruments[:2])])


def test_the_files_of_one_market_are_as_before(tmp_path: Path) -> None:
    whole = config(tmp_path)
    data = DataConfig.model_validate({"source": str(tmp_path / "EUR.csv")})
    plain = whole.model_copy(update={"data": data})
    train_agent(plain, plain.env, 0).agent.save(tmp_path / "agent.safetensors")
    with safe_open(tmp_path / "agent.safetensors", framework="numpy") as file:
        (header,) = (json.loads(text) for text in file.metadata().values())
    assert header["format"] == "fxai agent 2"
    assert "instruments" not in header


def test_what_needs_one_instrument_says_how_to_choose_it(tmp_path: Path) -> None:
    agent = trained(tmp_path)
    message = r"the agent has the instruments AUD, EUR, JPY; choose one with agent\.on\('AUD'\)"
    with pytest.raises(InputError, match=message):
        agent.observation(frame_of(instrument_bars()["EUR"]))
    with pytest.raises(InputError, match=message):
        evaluation_window(agent)
    with pytest.raises(InputError, match="not trained on GBP; its instruments are AUD, EUR, JPY"):
        agent.on("GBP")
    with pytest.raises(InputError, match="one instrument without a name, not on EUR"):
        agent.on("EUR").on("EUR")


def test_evaluations_use_the_common_dates_of_the_training(tmp_path: Path) -> None:
    agent = trained(tmp_path)
    markets = prepare_set(config_with_embargo(config(tmp_path)).data)
    windows = instrument_windows(agent)
    for name, market in zip(LENGTHS, markets.markets, strict=True):
        of_one, window = windows[name]
        assert window.is_training_data
        assert window.span == market.splits.validation
        assert evaluation_window(of_one, split="test").span == market.splits.test
        np.testing.assert_array_equal(window.market.features, market.features)


def test_an_export_acts_like_the_agent(tmp_path: Path) -> None:
    agent = trained(tmp_path)
    agent.export(tmp_path / "agent.pt2")
    assert (tmp_path / "agent.pt2").stat().st_size > 0
