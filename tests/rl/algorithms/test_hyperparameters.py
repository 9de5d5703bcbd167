"""Limits that are not set, and who may share a pack."""

import math

import pytest
import torch

from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig


def test_limits_that_are_not_set_are_infinite():
    limits = lane_numbers([PpoConfig(), PpoConfig(target_kl=0.02)], lambda c: c.target_kl, torch.device("cpu"))
    assert limits.tolist() == pytest.approx([math.inf, 0.02])


def config(**training: object) -> TrainingConfig:
    return TrainingConfig(training=PpoConfig.model_validate(training))


def test_a_pack_may_differ_in_numbers():
    Pack((config(gamma=0.9), config(learning_rate=1e-2, target_kl=0.1, n_epochs=2, total_updates=7)), (0, 1))


@pytest.mark.parametrize("other", [{"batch_size": 32}, {"n_envs": 4}, {"rollout_steps": 128}])
def test_a_pack_may_not_differ_in_shapes(other: dict[str, int]):
    with pytest.raises(ValueError, match="differ"):
        Pack((config(), config(**other)), (0, 1))


@pytest.mark.parametrize("seeds", [(), (1, 2)])
def test_each_configuration_has_a_seed(seeds: tuple[int, ...]):
    with pytest.raises(ValueError, match="one seed per configuration"):
        Pack((config(),), seeds)
