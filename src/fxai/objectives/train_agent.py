"""Trains one agent to the end, without a study."""

from dataclasses import dataclass

import torch

from fxai.market.markets.dataset import Market
from fxai.market.markets.instruments import MarketSet, prepare_set
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.build_training import build_training, lane_agent
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Evaluation
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import config_with_embargo


@dataclass(frozen=True, slots=True)
class TrainedAgent:
    """An agent and its evaluations."""

    agent: Agent
    evaluations: tuple[Evaluation, ...]  # of one lane


def train_agent(
    config: TrainingConfig, base: EnvConfig, seed: int, device: str = "cpu", market: Market | None = None
) -> TrainedAgent:
    """Train one agent.

    Args:
        config: Training configuration.
        base: Environment that scores.
        seed: Seed of the training.
        device: "cpu" or "cuda:N".
        market: Data; the default is `config.data`.
    """
    config = config_with_embargo(config)
    markets = prepare_set(config.data) if market is None else MarketSet.of_one(market, config.data)
    pack = Pack((config,), (seed,))
    training = build_training(pack, base, markets, torch.device(device))
    evaluations = tuple(training.evaluations())
    return TrainedAgent(lane_agent(training, 0, pack, markets, base), evaluations)
