"""PPO on environments whose values are known, lane by lane, and across an interruption."""

import pytest
import torch

from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Training
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, Reward, learner_of, training_in

QUICK = PpoConfig(
    total_updates=20,
    eval_frequency=20,
    n_envs=16,
    rollout_steps=16,
    n_epochs=4,
    batch_size=64,
    learning_rate=1e-2,
    gamma=0.5,
)


def trained(reward: Reward, *, length: int = 1, truncates: bool = False) -> Training:
    env = ProbeEnv(reward, length=length, truncates=truncates)
    config = TrainingConfig(model=ModelConfig(d_model=16, n_layers=1), training=QUICK)
    training = training_in(env, Pack((config,), (0,)))
    list(training.evaluations())
    return training


def values(training: Training, *observations: tuple[float, float]) -> list[float]:
    learner = learner_of(training)
    assert isinstance(learner.policy, ActorCritic)
    return learner.policy.value(learner.weights, torch.tensor([observations], dtype=torch.float32)).flatten().tolist()


def test_value_of_a_constant_reward():
    training = trained(lambda sign, *_: torch.ones_like(sign))
    assert values(training, (1, 0), (-1, 0)) == pytest.approx([1, 1], abs=0.05)


def test_value_follows_the_observation():
    training = trained(lambda sign, *_: sign)
    assert values(training, (1, 0), (-1, 0)) == pytest.approx([1, -1], abs=0.05)


def test_later_rewards_are_discounted():
    training = trained(lambda _sign, time, _action: (time == 1).float(), length=2)
    assert values(training, (1, 0), (1, 1)) == pytest.approx([0.5, 1], abs=0.1)


def test_a_terminated_episode_is_not_bootstrapped():
    training = trained(lambda sign, *_: torch.ones_like(sign), length=2)
    assert values(training, (1, 0), (1, 1)) == pytest.approx([1.5, 1], abs=0.1)


def test_a_truncated_episode_is_bootstrapped():
    training = trained(lambda sign, *_: torch.ones_like(sign), length=1, truncates=True)
    assert values(training, (1, 0), (-1, 0)) == pytest.approx([2, 2], abs=0.1)


def test_action_follows_the_observation():
    training = trained(lambda sign, _time, action: torch.where(action == (sign > 0), 1.0, -1.0))
    learner = learner_of(training)
    probs = learner.policy.preferences(learner.weights, torch.tensor([[[1.0, 0.0], [-1.0, 0.0]]])).softmax(1)
    assert probs[0, 1, 0] > 0.95
    assert probs[0, 0, 1] > 0.95
