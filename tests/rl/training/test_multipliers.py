"""`rollout_multiplier` and `buffer_multiplier` give the numbers of the sizes that they stand for."""

from typing import Any

import numpy as np
import pytest

from fxai.market.rules.compiled import Array
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, training_in

SIZES = {"total_updates": 4, "eval_frequency": 4, "n_envs": 8, "learning_rate": 1e-2}


def trained(**section: Any) -> Array:
    given = {"model": {"d_model": 8, "n_layers": 1}, "training": {**SIZES, **section}}
    config = TrainingConfig.model_validate(given)
    env = ProbeEnv(lambda sign, *_: sign, length=3)
    training = training_in(env, Pack((config,), (0,)))
    list(training.evaluations())
    return training.weights


@pytest.mark.parametrize("algorithm", ["ppo", "a2c", "d3qn"])
def test_a_multiple_is_a_longer_rollout(algorithm: str) -> None:
    learning = {"learning_starts": 32} if algorithm == "d3qn" else {}
    batch = {} if algorithm == "a2c" else {"batch_size": 16}
    same = {"algorithm": algorithm, **learning, **batch}
    multiple = trained(**same, rollout_steps=4, rollout_multiplier=3)
    assert np.array_equal(multiple, trained(**same, rollout_steps=12))
    assert not np.array_equal(multiple, trained(**same, rollout_steps=4))


def test_a_multiple_is_a_larger_buffer() -> None:
    same = {"algorithm": "dqn", "learning_starts": 32, "batch_size": 16, "rollout_steps": 4, "rollout_multiplier": 2}
    multiple = trained(**same, buffer_multiplier=3)
    assert np.array_equal(multiple, trained(**same, buffer_size=3 * 8 * 4))
    assert not np.array_equal(multiple, trained(**same))
