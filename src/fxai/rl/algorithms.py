"""From a configuration to its policy, from a pack to the algorithm that trains it."""

import torch

from fxai.rl.a2c import A2c
from fxai.rl.actor_critic import ActorCritic
from fxai.rl.batched_env import BatchedEnv
from fxai.rl.dropout import Dropout
from fxai.rl.learner import Learner
from fxai.rl.networks import build_network
from fxai.rl.pack import Pack
from fxai.rl.policy import Policy
from fxai.rl.ppo import Ppo
from fxai.rl.rollout import Collector
from fxai.spec.a2c_config import A2cConfig
from fxai.spec.ppo_config import PpoConfig
from fxai.spec.training_config import TrainingConfig


def build_policy(config: TrainingConfig, observation_shape: tuple[int, ...], actions: int) -> Policy:
    """The policy that the configuration's algorithm trains."""
    return _actor_critic(config, observation_shape, actions)


def build_learner(pack: Pack, env: BatchedEnv, device: torch.device) -> Learner:
    """The learner of the pack's algorithm, in environments at their beginning."""
    seeds = torch.tensor(pack.seeds, dtype=torch.int64, device=device)
    collector = Collector(env, seeds)
    policy = _actor_critic(pack.configs[0], env.observation_shape, env.actions)
    dropout = Dropout.of(seeds, [config.model.dropout for config in pack.configs], policy.dropout_sites)
    a2c = [config.training for config in pack.configs if isinstance(config.training, A2cConfig)]
    if a2c:
        return A2c(a2c, policy, collector, seeds, dropout)
    ppo = [config.training for config in pack.configs if isinstance(config.training, PpoConfig)]
    return Ppo(ppo, policy, collector, seeds, dropout)


def _actor_critic(config: TrainingConfig, observation_shape: tuple[int, ...], actions: int) -> ActorCritic:
    return ActorCritic(build_network(config.model, observation_shape, actions))
