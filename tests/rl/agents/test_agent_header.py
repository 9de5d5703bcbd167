"""Files of agents and committees, written from headers and arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from fxai.market.markets.instruments import MarketSet, prepare_set
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_header import AgentHeader, CommitteeHeader, Weights, write_agent_file
from fxai.rl.agents.agent_versions import versions
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.tensor_file import read_tensors
from fxai.spec.fields.training_config import TrainingConfig
from instrument_bars import write_instruments

SEEDS = (3, 7)


@pytest.fixture(params=["one market", "several instruments"])
def markets(request: pytest.FixtureRequest, tmp_path: Path) -> MarketSet:
    sources = write_instruments(tmp_path / "bars")
    data = {"source": sources if request.param == "several instruments" else sources["EUR"]}
    return prepare_set(TrainingConfig.model_validate({"data": data}).data)


def config_of(markets: MarketSet) -> TrainingConfig:
    return TrainingConfig.model_validate({"model": {"d_model": 8}}).model_copy(update={"data": markets.config})


def weights_of(config: TrainingConfig, markets: MarketSet) -> Weights:
    size = Agent.trained(config, 0, markets, np.empty((1, 0), np.float32), config.env).size
    return np.random.default_rng(1).normal(size=(len(SEEDS), size)).astype(np.float32)


def test_an_agents_file_is_that_of_the_agent(markets: MarketSet, tmp_path: Path) -> None:
    config = config_of(markets)
    weights = weights_of(config, markets)[:1]
    Agent.trained(config, 3, markets, weights, config.env).save(tmp_path / "agent")
    write_agent_file(tmp_path / "array", AgentHeader.trained(config, 3, markets, config.env), weights)
    assert (tmp_path / "array").read_bytes() == (tmp_path / "agent").read_bytes()


def test_a_committees_file_is_that_of_the_committee(markets: MarketSet, tmp_path: Path) -> None:
    config = config_of(markets)
    weights = weights_of(config, markets)
    rows = zip(SEEDS, weights[:, None], strict=True)
    Committee.of([Agent.trained(config, seed, markets, row, config.env) for seed, row in rows]).save(tmp_path / "agent")
    headers = [AgentHeader.trained(config, seed, markets, config.env) for seed in SEEDS]
    write_agent_file(tmp_path / "array", CommitteeHeader.of(headers), weights)
    assert (tmp_path / "array").read_bytes() == (tmp_path / "agent").read_bytes()


def test_a_file_is_as_torch_writes_it(markets: MarketSet, tmp_path: Path) -> None:
    """The keys in the order of earlier releases, and the weights as `safetensors.torch` writes them."""
    config = config_of(markets)
    weights = weights_of(config, markets)[:1]
    path = tmp_path / "agent"
    Agent.trained(config, 3, markets, weights, config.env).save(path)
    header, tensors = read_tensors(path)
    instruments = ["instruments"] if markets.names else []
    before = ["format", "config", "seed", "standardizer", "data_hash", "scoring_env"]
    assert list(header) == [*before, *instruments, "versions"]
    assert header["format"] == ("fxai agent 3" if markets.names else "fxai agent 2")
    assert header["versions"] == versions()
    assert path.read_bytes() == save({"weights": torch.from_numpy(weights)}, {"fxai": json.dumps(header)})
    np.testing.assert_array_equal(tensors["weights"], weights)
