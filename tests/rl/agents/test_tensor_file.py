"""Files that are whole or not there, checkpoints that know whose they are, agents that say where they come from."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from fxai.errors import FxaiError, InputError
from fxai.market.features.standardizer import Standardizer
from fxai.market.rules.compiled import Array
from fxai.protocol import JsonObject, Report
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.checkpoint import Checkpoint, load_checkpoint
from fxai.rl.agents.tensor_file import read_tensors, write_tensors
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig

FILES = Path(__file__).parent / "files"
TENSORS: dict[str, Array] = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "n": np.array(3),
    "b": np.array([True, False]),
    "columns": np.arange(6).reshape(2, 3).T,  # not in the order of memory
}


def test_tensors_and_header_go_round(tmp_path: Path):
    path = tmp_path / "new" / "file.safetensors"
    write_tensors(path, {"seed": 1, "names": ["x"]}, TENSORS)
    header, tensors = read_tensors(path)
    assert header == {"seed": 1, "names": ["x"]}
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_no_part(tmp_path: Path):
    taken = tmp_path / "file.safetensors"
    taken.mkdir()
    with pytest.raises(FxaiError, match="cannot write"):
        write_tensors(taken, {"seed": 1}, TENSORS)
    assert list(tmp_path.iterdir()) == [taken]


@pytest.mark.parametrize("content", [b"", b"not a tensor", b"\xff" * 100])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "file.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"file\.safetensors"):
        read_tensors(path)


def test_a_foreign_file_is_refused(tmp_path: Path):
    path = tmp_path / "file.safetensors"
    save_file(TENSORS, path)
    with pytest.raises(InputError, match="not written by FxAI"):
        read_tensors(path)


IDENTITY: JsonObject = {"seed": 3, "config": {"gamma": 0.9}}
REPORTS = (Report(7, 10, 0.5, {"kl": 0.1}), Report(7, 20, 0.25, {"kl": 0.125}))


def test_a_checkpoint_goes_round(tmp_path: Path):
    path = tmp_path / "checkpoint.safetensors"
    Checkpoint(IDENTITY, REPORTS, TENSORS).save(path)
    found = load_checkpoint(path, IDENTITY)
    assert found is not None
    assert found.reports == REPORTS
    assert found.state.keys() == TENSORS.keys()


def test_a_checkpoint_of_another_trial_is_not_taken(tmp_path: Path):
    path = tmp_path / "checkpoint.safetensors"
    Checkpoint(IDENTITY, REPORTS, TENSORS).save(path)
    assert load_checkpoint(path, {**IDENTITY, "seed": 4}) is None


def test_a_checkpoint_that_is_not_there_or_damaged_is_none(tmp_path: Path):
    path = tmp_path / "checkpoint.safetensors"
    assert load_checkpoint(path, IDENTITY) is None
    path.write_bytes(b"cut sho")
    assert load_checkpoint(path, IDENTITY) is None


def agent(model: str = "mlp") -> Agent:
    config = TrainingConfig(model=ModelConfig(type=model, d_model=8))
    standardizer = Standardizer(("r1", "r2"), (0.1, 0.2), (1.0, 2.0))
    shape = (config.env.observation_window, 2 + len(ACCOUNT_FEATURES))
    weights = build_policy(config, shape, 3).initial(torch.tensor([5])).numpy()
    return Agent(config, 5, standardizer, "0123abcd", weights)


@pytest.mark.parametrize("model", ["mlp", "transformer"])
def test_an_agent_goes_round(tmp_path: Path, model: str):
    path = tmp_path / "agent.safetensors"
    saved = agent(model)
    saved.save(path)
    loaded = load_agent(path)
    assert (loaded.config, loaded.seed, loaded.standardizer) == (saved.config, saved.seed, saved.standardizer)
    assert loaded.data_hash == saved.data_hash
    seen = np.ones((2, saved.config.env.observation_window, 2 + len(ACCOUNT_FEATURES)))
    assert np.array_equal(loaded.preferences(seen), saved.preferences(seen))


def test_the_header_of_an_agent_has_config_seed_and_versions(tmp_path: Path):
    path = tmp_path / "agent.safetensors"
    agent().save(path)
    header = read_tensors(path)[0]
    assert header["versions"].keys() == {"fxai", "torch"}
    assert TrainingConfig.model_validate(header["config"]) == agent().config
    json.dumps(header)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path):
    path = tmp_path / "agent.safetensors"
    whole = agent()
    Agent(whole.config, 5, whole.standardizer, "", whole.weights[:, :-1]).save(path)
    with pytest.raises(InputError, match="shape of the weights does not match"):
        load_agent(path)


def test_a_checkpoint_is_no_agent(tmp_path: Path):
    path = tmp_path / "checkpoint.safetensors"
    Checkpoint(IDENTITY, REPORTS, TENSORS).save(path)
    with pytest.raises(InputError, match="is not an agent file"):
        load_agent(path)


def test_a_checkpoint_of_an_earlier_release_is_read():
    """A file that torch's functions wrote: two lanes of PPO after two updates."""
    path = FILES / "checkpoint_numerics_2.safetensors"
    identity = read_tensors(path)[0]["identity"]
    assert isinstance(identity, dict)
    found = load_checkpoint(path, identity)
    assert found is not None
    assert [(report.step, report.value) for report in found.reports] == [(2, 0.014163950839138528)]
    assert found.bars is not None
    assert (found.bars.step, found.bars.seeds, found.bars.returns.shape) == (2, (5, 6), (2, 1079))
    kinds = {"weights": ("float32", 138), "adam.powers": ("float64", 2), "env.bar": ("int64", 2)}
    assert {name: (found.state[name].dtype.name, found.state[name].shape[1]) for name in kinds} == kinds
    assert found.state["clock"].tolist() == [2, 2]
    assert found.state["weights"][:, 0] == pytest.approx([0.3085549473, 0.0215401426], rel=1e-7)


@pytest.mark.parametrize("number", [1, 2])
def test_agents_of_earlier_releases_load(number: int):
    """Files that those releases wrote; preferences as computed by the release."""
    loaded = load_agent(FILES / f"agent_format_{number}.safetensors")
    assert (loaded.seed, loaded.seeds, loaded.data_hash) == (5, (5,), "0123abcd")
    assert loaded.standardizer == Standardizer(("r1", "r2"), (0.1, 0.2), (1.0, 2.0))
    assert loaded.config.training.algorithm == ("ppo", "dqn")[number - 1]
    assert (loaded.scoring_env is None) == (number == 1)
    seen = torch.linspace(-1, 1, 24).view(1, 4, 6)
    assert loaded.preferences(seen)[0] == pytest.approx([0.0305051766, 0.0112111783, 0.0426400378], rel=1e-5)


@pytest.mark.parametrize(("header", "fault"), [("{", "its header is not JSON"), ("[1]", "its header is not a mapping")])
def test_a_damaged_header_is_named(tmp_path: Path, header: str, fault: str):
    path = tmp_path / "file.safetensors"
    save_file(TENSORS, path, {"fxai": header})
    with pytest.raises(InputError, match=rf"file\.safetensors is damaged: {fault}"):
        load_agent(path)
