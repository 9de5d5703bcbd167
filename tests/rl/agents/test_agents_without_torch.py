"""Agents of multilayer perceptrons decide and trade by compiled loops, as torch does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fxai.market.markets.dataset import Market, prepare_bars
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_steps import agent_steps, member_steps
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.committee_policy import CommitteePolicy
from fxai.rl.agents.joint_observation import columns_of
from fxai.rl.agents.scoring import steps_by_torch
from fxai.rl.agents.torch_decisions import preferences_of
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.training_config import TrainingConfig
from rl.agents.test_committee import BARS, agents, config, seen_by

SHIFTS = [0.0, 0.7]
"""With another shift each member has a standardizer of its own."""


def market_of(agent: Agent) -> Market:
    return prepare_bars(BARS, agent.config.data, agent.standardizer)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_preferences_of_a_committee_are_those_of_torch(algorithm: str, shift: float) -> None:
    committee = Committee.of(agents(config(algorithm), 3, shift=shift))
    assert committee.nets is not None
    seen = seen_by(committee, 200)
    found, expected = committee.preferences(seen), preferences_of(committee.policy, committee.weights, seen)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("algorithm", ["ppo", "a2c", "dqn"])
def test_steps_of_a_committee_are_those_of_torch(algorithm: str, shift: float) -> None:
    committee = Committee.of(agents(config(algorithm), 3, shift=shift))
    data, env = market_of(committee), committee.config.env
    table, scored = MarketTable.of_market(data), ScoredSpan(data.splits.validation, data.bars_per_year, env, [env])
    found = agent_steps(committee, committee.weights, table, scored)
    assert np.array_equal(found, steps_by_torch(committee.policy, committee.weights, table, scored, "cpu"))
    columns = columns_of([member.standardizer for member in committee.members])
    for member, own in zip(committee.members, columns, strict=True):
        alone = member_steps(member, own, table, scored)
        policy = CommitteePolicy(member.policy, (own,), "values")
        assert np.array_equal(alone, steps_by_torch(policy, member.weights, table, scored, "cpu"))
        assert not np.array_equal(found, alone)


def test_probabilities_that_are_nearly_zero_do_not_vanish() -> None:
    committee = Committee.of(agents(config(), 3, scale=1e4))
    assert np.isfinite(committee.preferences(seen_by(committee, 200))).all()


@pytest.mark.parametrize(
    ("model", "training"),
    [
        ({"type": "gru"}, {"algorithm": "ppo"}),
        ({}, {"algorithm": "d3qn"}),
        ({}, {"algorithm": "dqn", "twin": True}),
    ],
)
def test_other_policies_are_computed_by_torch(model: dict[str, Any], training: dict[str, Any]) -> None:
    whole = TrainingConfig.model_validate({"model": model, "training": training, "env": {"observation_window": 4}})
    (agent,) = agents(whole, 1)
    assert agent.nets is None
    assert agent.weights.shape == (1, agent.size)


def test_a_committee_trades_where_torch_cannot_be_imported(tmp_path: Path) -> None:
    committee = Committee.of(agents(config(), 3))
    path = tmp_path / "committee.safetensors"
    committee.save(path)
    seen = seen_by(committee)
    np.save(tmp_path / "seen.npy", seen)
    code = f"""
import sys
sys.modules["torch"] = None
from pathlib import Path
import numpy as np
import fxai
from fxai.market.markets.dataset import prepare_bars
from fxai.rl.agents.trajectory import track_record_of
from fxai.market.reading.synthetic_market import synthetic_market

folder = Path({str(tmp_path)!r})
agent = fxai.load_agent(folder / "committee.safetensors")
np.save(folder / "preferences.npy", agent.preferences(np.load(folder / "seen.npy")))
market = prepare_bars(synthetic_market(seed=1, bars=1200), agent.config.data, agent.standardizer)
track_record_of(agent, market, market.splits.test, "test")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert np.array_equal(np.load(tmp_path / "preferences.npy"), committee.preferences(seen))
