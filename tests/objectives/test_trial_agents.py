"""The agents that a trial leaves, written by a process without torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fxai.market.markets.instruments import prepare_set
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.spec.fields.training_config import TrainingConfig
from instrument_bars import write_instruments

WRITE = """
import sys
sys.modules["torch"] = None
from pathlib import Path
import numpy as np
from fxai.market.markets.instruments import prepare_set
from fxai.objectives.trial_agents import TrialAgents
from fxai.spec.fields.training_config import TrainingConfig
folder, *seeds = sys.argv[1:]
config = TrainingConfig.model_validate_json((Path(folder) / "config.json").read_text())
agents = TrialAgents(config, tuple(map(int, seeds)), prepare_set(config.data), config.env)
agents.save(Path(folder) / "agent.safetensors", np.load(Path(folder) / "weights.npy"))
"""


@pytest.mark.parametrize("seeds", [(3,), (3, 7)], ids=str)
def test_a_process_without_torch_writes_the_agents(seeds: tuple[int, ...], tmp_path: Path) -> None:
    """The lanes after the first are those of other folds, whose weights are not the agents'."""
    data = {"source": write_instruments(tmp_path)["EUR"]}
    config = TrainingConfig.model_validate({"data": data, "model": {"d_model": 8}})
    markets = prepare_set(config.data)
    size = Agent.trained(config, 0, markets, np.empty((1, 0), np.float32), config.env).size
    weights = np.random.default_rng(1).normal(size=(2 * len(seeds), size)).astype(np.float32)
    (tmp_path / "config.json").write_text(config.model_dump_json())
    np.save(tmp_path / "weights.npy", weights)
    subprocess.run([sys.executable, "-c", WRITE, str(tmp_path), *map(str, seeds)], check=True)

    rows = zip(seeds, weights[: len(seeds), None], strict=True)
    agents = [Agent.trained(config, seed, markets, row, config.env) for seed, row in rows]
    agent = Committee.of(agents) if len(seeds) > 1 else agents[0]
    agent.save(tmp_path / "expected.safetensors")
    path = tmp_path / "agent.safetensors"
    assert path.read_bytes() == (tmp_path / "expected.safetensors").read_bytes()
    found = load_agent(path)
    seen = np.random.default_rng(0).normal(size=(20, *agent.observation_shape)).astype(np.float32)
    np.testing.assert_array_equal(found.preferences(seen), agent.preferences(seen))
    assert len({found.act(each) for each in seen}) > 1
