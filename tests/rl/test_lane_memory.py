"""The least memory of a training (`spec/checks/lane_memory.py`), held to the networks and to what a process takes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fxai.market.markets.dataset import prepare
from fxai.rl.algorithms.build import build_policy
from fxai.spec.checks.lane_memory import lane_parts, lanes_bytes
from fxai.spec.fields.ensemble_members import ensemble_members
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import values_of
from skip_marks import needs_linux

SOURCE = {"source": "planted_1h"}
NO_SETTINGS: Mapping[str, Any] = {}
COLUMNS = 18  # of an observation with the features of these data
MODELS = st.one_of(
    st.fixed_dictionaries({"type": st.just("mlp"), "d_model": st.integers(1, 99), "n_layers": st.integers(1, 4)}),
    st.fixed_dictionaries({"type": st.just("mlp"), "widths": st.lists(st.integers(1, 99), min_size=1, max_size=4)}),
    st.fixed_dictionaries({"type": st.just("gru"), "d_model": st.integers(1, 40), "n_layers": st.integers(1, 3)}),
    st.fixed_dictionaries(
        {
            "type": st.just("transformer"),
            "d_model": st.integers(1, 9).map(lambda heads: 4 * heads),
            "n_layers": st.integers(1, 3),
            "d_ff": st.none() | st.integers(1, 99),
        }
    ),
)
TRAININGS = st.one_of(
    st.sampled_from([{"algorithm": "ppo"}, {"algorithm": "a2c"}]),
    st.fixed_dictionaries({"algorithm": st.just("dqn"), "twin": st.booleans(), "dueling": st.booleans()}),
)


ENVS = st.sampled_from(
    [
        {},
        {"positions": [-1, -0.5, 0, 0.5, 1]},
        {"positions": [-1, -0.5, 0, 0.5, 1], "actions": "increment"},
        {"sizing": "units", "max_position": 4},
        {"sizing": "units", "max_position": 4, "actions": "increment"},
        {"sizing": "units", "max_position": 4, "positions": [-1, 0, 1]},
    ]
)


def lane_bytes(values: Mapping[str, Any]) -> int:
    return lanes_bytes(values, 1)


def config_of(
    model: dict[str, Any], training: dict[str, Any], window: int = 8, env: Mapping[str, Any] = NO_SETTINGS
) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {"data": SOURCE, "env": {"observation_window": window, **env}, "model": model, "training": training}
    )


@given(MODELS, TRAININGS, st.integers(1, 9), ENVS)
def test_the_weights_are_those_of_the_networks(
    model: dict[str, Any], training: dict[str, Any], window: int, env: dict[str, Any]
) -> None:
    config = config_of(model, training, window, env)
    size = build_policy(config, (window, COLUMNS), config.env.action_count).size
    is_dqn = training["algorithm"] == "dqn"
    for on_cpu, of_dqn in ((True, 4 if model["type"] == "mlp" else 6), (False, 6)):
        (weights,) = (part for part in lane_parts(values_of(config), on_cpu=on_cpu) if part.name == "weights")
        assert weights.size == 4 * (of_dqn if is_dqn else 5) * size


def test_an_observation_has_the_features_of_the_data() -> None:
    config = config_of({}, {"algorithm": "a2c", "n_envs": 1, "rollout_steps": 1})
    assert prepare(config.data).features.shape[1] + 4 == COLUMNS


@given(MODELS, TRAININGS, st.sampled_from(["n_envs", "rollout_steps", "observation_window"]))
def test_memory_rises_with_sizes(model: dict[str, Any], training: dict[str, Any], name: str) -> None:
    values = values_of(config_of(model, training))
    path = f"env.{name}" if name == "observation_window" else f"training.{name}"
    assert lane_bytes({**values, path: 10_000}) > lane_bytes(values)


def test_the_loop_of_dqn_needs_its_gradient_and_pass_once() -> None:
    training = {"algorithm": "dqn", "batch_size": 10_000, "gradient_steps": 1}
    values, gru = (values_of(config_of({"type": kind, "d_model": 512}, training)) for kind in ("mlp", "gru"))
    assert lanes_bytes(values, 8) < 4 * lanes_bytes(values, 1)
    assert lanes_bytes(values, 8, on_cpu=False) == 8 * lanes_bytes(values, 1, on_cpu=False)
    assert lanes_bytes(gru, 8) == 8 * lanes_bytes(gru, 1)


TRAINED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "rollout": ({}, {"algorithm": "ppo", "n_envs": 512, "rollout_steps": 512, "batch_size": 8192, "n_epochs": 1}),
    "gru": ({"type": "gru"}, {"algorithm": "a2c", "n_envs": 64, "rollout_steps": 64}),
    "transformer": (
        {"type": "transformer"},
        {"algorithm": "ppo", "n_envs": 32, "rollout_steps": 64, "batch_size": 2048, "n_epochs": 1},
    ),
    "replay": ({}, {"algorithm": "dqn", "buffer_size": 100_000}),
    "weights": (
        {"d_model": 2048, "n_layers": 3},
        {"algorithm": "ppo", "n_envs": 2, "rollout_steps": 8, "batch_size": 16, "n_epochs": 1},
    ),
    "weights of dqn": (
        {"d_model": 2048, "n_layers": 3},
        {"algorithm": "dqn", "n_envs": 2, "learning_starts": 8, "batch_size": 16, "gradient_steps": 1},
    ),
    "lanes of dqn": (
        {"d_model": 512},
        {"algorithm": "dqn", "n_envs": 8, "learning_starts": 8, "batch_size": 8192, "gradient_steps": 1},
    ),
}
LANES = {"lanes of dqn": 4}


@needs_linux("a peak memory that can be reset")
def test_a_training_takes_one_to_four_times_as_much() -> None:
    configs = {name: config_of(model, training) for name, (model, training) in TRAINED.items()}
    trainings = [json.dumps([LANES.get(name, 1), each.model_dump(mode="json")]) for name, each in configs.items()]
    script = [sys.executable, str(Path(__file__).parent / "peak_of_training.py")]
    ran = subprocess.run([*script, *trainings], capture_output=True, check=True)
    for (name, config), measured in zip(configs.items(), json.loads(ran.stdout), strict=True):
        least = lanes_bytes(values_of(config), LANES.get(name, 1))
        assert least > 100e6, f"{name}: large enough to be measured"
        assert 0.95 * least < measured < 4 * least, f"{name}: {measured / least:.2f} times {least / 1e6:.0f} MB"


def test_an_ensemble_needs_the_weights_and_the_replay_of_all_members() -> None:
    def bytes_of(*kinds: str, **ensemble: Any) -> int:
        written = {"ensemble": {"agents": kinds, **ensemble}}
        return lane_bytes(values_of(TrainingConfig.model_validate(written)))

    for kind in ("ppo", "a2c", "twin_d3qn"):
        (member,) = ensemble_members(TrainingConfig.model_validate({"ensemble": {"agents": [kind]}}))
        assert bytes_of(kind) == lane_bytes(values_of(member.config))
    assert max(bytes_of("ppo"), bytes_of("d3qn")) < bytes_of("ppo", "d3qn") < bytes_of("ppo") + bytes_of("d3qn")
    assert bytes_of("d3qn", "d3qn", size=1) == bytes_of("d3qn") < bytes_of("d3qn", "d3qn") == bytes_of("d3qn", seeds=2)
