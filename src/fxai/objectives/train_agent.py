"""Trains one agent to the end, without a study."""

from dataclasses import dataclass

from fxai.market.markets.dataset import Market
from fxai.market.markets.instruments import MarketSet, prepare_set
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.build_training import build_training
from fxai.rl.agents.trained_ensemble import trained_ensemble
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.lane_pack import Lane
from fxai.rl.training.training import Evaluation, Training, is_evaluated
from fxai.spec.fields.ensemble_members import is_ensemble
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
    if is_ensemble(config):
        return _train_ensemble(config, base, seed, device, markets)
    training = build_training(Pack((config,), (seed,)), base, markets, device)
    evaluations = tuple(training.evaluations())
    return TrainedAgent(Agent.trained(config, seed, markets, training.weights.copy(), base), evaluations)


def _train_ensemble(
    config: TrainingConfig, base: EnvConfig, seed: int, device: str, markets: MarketSet
) -> TrainedAgent:
    from fxai.rl.agents.ensemble_lanes import EnsembleLanes  # noqa: PLC0415 - torch

    row, table = Lane(config, seed), MarketTable.of_set(markets)

    def make_training(members: Pack) -> Training:
        return build_training(members, base, markets, device, table)

    lanes = EnsembleLanes([row], base, make_training, markets, table, device=device)
    evaluations = []
    for done in range(1, config.training.total_updates + 1):
        lanes.update()
        if is_evaluated(config.training, done):
            evaluations.append(Evaluation(done, tuple(each.metrics for each in lanes.evaluate([row]))))
    weights = lanes.stacked_states([row])["weights"]
    return TrainedAgent(trained_ensemble(config, seed, markets, weights, base), tuple(evaluations))
