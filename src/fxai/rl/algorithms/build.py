"""Builds policies from configurations, and learners from packs."""

import torch

from fxai.rl.algorithms.a2c import A2c
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.dqn import Dqn
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.environment.batched_env import BatchedEnv
from fxai.rl.lanes.learner import Learner
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.policy import TrainablePolicy
from fxai.rl.networks.dropout import Dropout
from fxai.rl.networks.gru import Gru
from fxai.rl.networks.mlp import Mlp
from fxai.rl.networks.network import Network
from fxai.rl.networks.transformer import Transformer
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig


def build_policy(config: TrainingConfig, observation_shape: tuple[int, ...], actions: int) -> TrainablePolicy:
    """The policy of the configuration's algorithm."""
    if isinstance(config.training, DqnConfig):
        return _q_network(config, config.training, observation_shape, actions)
    return _actor_critic(config, observation_shape, actions)


def build_learner(pack: Pack, env: BatchedEnv, device: torch.device) -> Learner:
    """The learner of the pack's algorithm, with reset environments."""
    seeds = torch.tensor(pack.seeds, dtype=torch.int64)
    on_device = seeds.to(device)
    collector = Collector(env, on_device)
    first, rates = pack.configs[0], [config.model.dropout for config in pack.configs]
    algorithms = [config.training for config in pack.configs]
    if isinstance(first.training, DqnConfig):
        dqn = [each for each in algorithms if isinstance(each, DqnConfig)]
        q_network = _q_network(first, first.training, env.observation_shape, env.actions)
        return Dqn(dqn, q_network, collector, seeds, Dropout.of(on_device, rates, q_network.dropout_sites))
    policy = _actor_critic(first, env.observation_shape, env.actions)
    dropout = Dropout.of(on_device, rates, policy.dropout_sites)
    if isinstance(first.training, A2cConfig):
        a2c = [each for each in algorithms if isinstance(each, A2cConfig)]
        return A2c(a2c, policy, collector, seeds, dropout)
    ppo = [each for each in algorithms if isinstance(each, PpoConfig)]
    return Ppo(ppo, policy, collector, seeds, dropout)


def _actor_critic(config: TrainingConfig, observation_shape: tuple[int, ...], actions: int) -> ActorCritic:
    return ActorCritic(build_network(config.model, observation_shape, actions))


def _q_network(config: TrainingConfig, dqn: DqnConfig, observation_shape: tuple[int, ...], actions: int) -> QNetwork:
    network = build_network(config.model, observation_shape, actions + dqn.dueling)
    return QNetwork(network, dueling=dqn.dueling, critics=1 + dqn.twin)


def build_network(config: ModelConfig, observation_shape: tuple[int, ...], outputs: int) -> Network:
    """The network of the configuration, from observations to `outputs` outputs."""
    match config.type:
        case "mlp":
            return Mlp(observation_shape, config.hidden_widths, outputs)
        case "gru":
            return Gru(observation_shape, config.d_model, config.n_layers, outputs)
        case "transformer":
            return Transformer(
                observation_shape,
                width=config.d_model,
                depth=config.n_layers,
                heads=config.n_heads,
                feedforward=config.d_ff or 4 * config.d_model,
                outputs=outputs,
            )
