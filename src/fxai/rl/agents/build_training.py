"""Builds the training of trading agents from a pack and a market, and agents from the training."""

import torch

from fxai.market.dataset import Market, prepare_folds, with_named_columns
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.scoring import Scorer
from fxai.rl.environment.episodes import Spans
from fxai.rl.environment.fold_spans import scored_spans, train_spans
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors, folds_on_device, on_device
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Training
from fxai.spec.fields.env_config import EnvConfig


def build_training(
    pack: Pack,
    base: EnvConfig,
    market: Market,
    device: torch.device,
    tensors: MarketTensors | None = None,
    *,
    cuda_graph_after: int | None = None,
) -> Training:
    """A training on the market's train split, scored on its validation split, or of each lane on its fold.

    Args:
        pack: Configurations and seeds.
        base: Environment that scores.
        market: Bars, features and splits.
        device: Device of the training.
        tensors: The market's tensors if they are on the device already. Lanes in folds need those of all folds.
        cuda_graph_after: See `Training`.
    """
    train: Spans = market.splits.train
    test: Spans = market.splits.validation
    if pack.folds:
        tensors = tensors or folds_on_device(prepare_folds(pack.configs[0].data), device)
        train = train_spans(market, pack.folds)
        test = scored_spans(market, pack.folds, pack.configs[0].env.observation_window)
    tensors = tensors or on_device(market, device)
    own = [config.env for config in pack.configs]
    seeds = torch.tensor(pack.seeds, dtype=torch.int64)
    env = MarketEnv(tensors, train, own, seeds, pack.configs[0].training.n_envs)
    episodes = pack.configs[0].data.split.validation_episodes  # the same for all trials
    score = Scorer(tensors, test, market.bars_per_year, base, own, parts=episodes)
    return Training(pack, env, score, device, cuda_graph_after=cuda_graph_after)


def lane_agent(training: Training, lane: int, pack: Pack, market: Market, base: EnvConfig) -> Agent:
    """The agent of one lane with the present weights; `base` is the environment that scores it."""
    weights = training.weights[lane : lane + 1].detach().cpu().clone()
    config = with_named_columns(pack.configs[lane], market)
    return Agent(config, pack.seeds[lane], market.standardizer, market.content_hash, weights, base)
