"""DQN and its relatives on environments whose values are known."""

from typing import Any

import pytest
import torch

from fxai.rl.algorithms.dqn import Dqn
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Training
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, Reward, learner_of, training_in

QUICK = DqnConfig(
    total_updates=25,
    eval_frequency=25,
    n_envs=16,
    rollout_steps=4,
    learning_rate=1e-2,
    gamma=0.5,
    buffer_size=2000,
    batch_size=64,
    learning_starts=128,
    gradient_steps=8,
    target_tau=0.1,
    exploration_final=0.2,
)
RELATIVES: dict[str, dict[str, bool | int]] = {
    "plain": {},
    "double": {"double": True},
    "dueling": {"dueling": True},
    "twin": {"twin": True},
    "n-step": {"n_step": 3},
    "D3QN": {"double": True, "dueling": True},
    "TwinD3QN": {"double": True, "dueling": True, "twin": True, "n_step": 2},
}
relatives = pytest.mark.parametrize("relative", RELATIVES)


def trained(relative: str, reward: Reward, *, length: int = 1, truncates: bool = False) -> Training:
    env = ProbeEnv(reward, length=length, truncates=truncates)
    algorithm = QUICK.model_copy(update=RELATIVES[relative])
    config = TrainingConfig(model=ModelConfig(d_model=16, n_layers=1), training=algorithm)
    training = training_in(env, Pack((config,), (0,)))
    (evaluation,) = training.evaluations()
    assert set(Dqn.statistics) < set(evaluation.metrics[0])
    return training


def values(training: Training, *observations: tuple[float, float]) -> list[list[float]]:
    """Of both actions, for each observation."""
    seen = torch.tensor([observations], dtype=torch.float32)
    learner = learner_of(training)
    return learner.policy.preferences(learner.weights, seen)[0].T.tolist()


def approx(*expected: float, within: float) -> list[Any]:
    """The same for both actions."""
    return [pytest.approx([value, value], abs=within) for value in expected]


@relatives
def test_value_of_a_constant_reward(relative: str):
    training = trained(relative, lambda sign, *_: torch.ones_like(sign))
    assert values(training, (1, 0), (-1, 0)) == approx(1, 1, within=0.05)


@relatives
def test_value_follows_the_observation(relative: str):
    training = trained(relative, lambda sign, *_: sign)
    assert values(training, (1, 0), (-1, 0)) == approx(1, -1, within=0.05)


@relatives
def test_later_rewards_are_discounted(relative: str):
    training = trained(relative, lambda _sign, time, _action: (time == 1).float(), length=2)
    assert values(training, (1, 0), (1, 1)) == approx(0.5, 1, within=0.1)


@relatives
def test_a_truncated_episode_is_bootstrapped(relative: str):
    training = trained(relative, lambda sign, *_: torch.ones_like(sign), length=2, truncates=True)
    assert values(training, (1, 0), (-1, 1)) == approx(2, 2, within=0.15)


@relatives
def test_action_follows_the_observation(relative: str):
    training = trained(relative, lambda sign, _time, action: torch.where(action == (sign > 0), 1.0, -1.0))
    assert values(training, (1, 0), (-1, 0)) == [
        pytest.approx([-1, 1], abs=0.2),
        pytest.approx([1, -1], abs=0.2),
    ]
