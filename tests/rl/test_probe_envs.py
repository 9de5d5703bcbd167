"""Every algorithm with every network finds the values and actions that are known beforehand, from nearly any seed.

The five kinds are rejax's (github.com/keraJLi/rejax), after Jones, "Debugging reinforcement learning systems": each
asks for one thing more than those before it, so that the first that fails names the part that is broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch

from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.policy import Policy, greedy
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, Reward, learner_of, observed, training_in

GAMMA = 0.5
SEEDS = (3, 14, 159, 26, 535, 89, 793, 238, 46)
STRAYING = 3  # most of them; of 48 a transformer under PPO lost 4 to a first guess, which ones depends on the processor
ROWS = 3

ALGORITHMS: dict[str, AlgorithmConfig] = {
    "ppo": PpoConfig(total_updates=50, n_envs=16, rollout_steps=4, batch_size=32, n_epochs=4, gamma=GAMMA),
    "a2c": A2cConfig(total_updates=150, n_envs=16, rollout_steps=4, gamma=GAMMA),
    "dqn": DqnConfig(
        total_updates=150,
        n_envs=16,
        rollout_steps=4,
        gamma=GAMMA,
        double=True,
        dueling=True,
        buffer_size=2048,
        learning_starts=64,
        gradient_steps=2,
        target_tau=0.1,
    ),
}
MODELS = {
    "mlp": ModelConfig(d_model=16, n_layers=1),
    "gru": ModelConfig(type="gru", d_model=8, n_layers=1),
    "transformer": ModelConfig(type="transformer", d_model=8, n_layers=1, n_heads=2, d_ff=16),
}
LEARNING_RATES = {"mlp": 1e-2, "gru": 1e-2, "transformer": 2e-3}  # a faster transformer decides too early


@dataclass(frozen=True)
class Probe:
    """An environment, and what is true in it of each observation (sign, time)."""

    reward: Reward
    values: dict[tuple[float, float], float]
    """The best policy's expected discounted return."""

    actions: dict[tuple[float, float], int]
    """The best one, where one is better than the other."""

    length: int = 1


EITHER = ((1.0, 0.0), (-1.0, 0.0))
PROBES = {
    "constant reward": Probe(lambda sign, *_: torch.ones_like(sign), dict.fromkeys(EITHER, 1.0), {}),
    "reward by observation": Probe(lambda sign, *_: sign, {(1.0, 0.0): 1.0, (-1.0, 0.0): -1.0}, {}),
    "later reward": Probe(
        lambda _sign, time, _action: (time == 1).float(),
        {(1.0, 0.0): GAMMA, (-1.0, 0.0): GAMMA, (1.0, 1.0): 1.0, (-1.0, 1.0): 1.0},
        {},
        length=2,
    ),
    "reward by action": Probe(
        lambda _sign, _time, action: 2.0 * action - 1, dict.fromkeys(EITHER, 1.0), dict.fromkeys(EITHER, 1)
    ),
    "reward by action and observation": Probe(
        lambda sign, _time, action: sign * (2.0 * action - 1),
        dict.fromkeys(EITHER, 1.0),
        {(1.0, 0.0): 1, (-1.0, 0.0): 0},
    ),
}


def value(policy: Policy, weights: torch.Tensor, observation: torch.Tensor) -> torch.Tensor:
    """[lane, sample]: the critic's, or that of the best action."""
    if isinstance(policy, ActorCritic):
        return policy.value(weights, observation)
    return policy.preferences(weights, observation).amax(1)


DEMANDING = ("later reward", "reward by action and observation")  # enough of networks other than the MLP


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("model", "kind"), [(model, kind) for model in MODELS for kind in (PROBES if model == "mlp" else DEMANDING)]
)
def test_what_is_known_is_found(algorithm: str, model: str, kind: str):
    probe = PROBES[kind]
    quick = ALGORITHMS[algorithm].model_copy(update={"learning_rate": LEARNING_RATES[model]})
    config = TrainingConfig(model=MODELS[model], training=quick)
    env = ProbeEnv(probe.reward, SEEDS, envs=config.training.n_envs, length=probe.length, rows=ROWS)
    training = training_in(env, Pack((config,) * len(SEEDS), SEEDS))
    list(training.evaluations())
    learner = learner_of(training)

    def seen(what: Mapping[tuple[float, float], float]) -> torch.Tensor:
        sign, time = torch.tensor(list(what)).T
        return observed(sign, time, ROWS).expand(len(SEEDS), len(what), ROWS, 2)

    values = value(learner.policy, learner.weights, seen(probe.values))
    expected = torch.tensor(list(probe.values.values())).expand_as(values)
    found = (values - expected).abs().amax(1) <= 0.15
    if probe.actions:
        chosen = greedy(learner.policy, learner.weights, seen(probe.actions))
        found &= (chosen == torch.tensor(list(probe.actions.values()))).all(1)
    assert found.sum() >= len(SEEDS) - STRAYING, values
