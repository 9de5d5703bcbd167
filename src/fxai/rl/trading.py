"""Trading agents: which bars a pack learns from, and which score it."""

import torch

from fxai.market.dataset import Market
from fxai.rl.agent import Agent
from fxai.rl.market_env import MarketEnv
from fxai.rl.market_tensors import MarketTensors
from fxai.rl.pack import Pack
from fxai.rl.scoring import Scorer
from fxai.rl.training import Training
from fxai.spec.env_config import EnvConfig


def trading(pack: Pack, base: EnvConfig, market: Market, device: torch.device) -> Training:
    """A training on the market's train split, scored on its validation split in the environment `base`."""
    tensors = on_device(market, device)
    own = [config.env for config in pack.configs]
    env = MarketEnv(
        tensors,
        market.splits.train,
        own,
        torch.tensor(pack.seeds, dtype=torch.int64),
        pack.configs[0].training.n_envs,
    )
    score = Scorer(tensors, market.splits.validation, market.bars_per_year, base, own)
    return Training(pack, env, score, device)


def on_device(market: Market, device: torch.device) -> MarketTensors:
    """What environments read of a market, as tensors."""
    return MarketTensors.of(
        open=market.open,
        close=market.close,
        nights=market.nights,
        features=market.features,
        spread=market.spread,
        device=device,
    )


def agents(training: Training, pack: Pack, market: Market) -> list[Agent]:
    """The agent of each lane as it stands now."""
    return [
        Agent(config, seed, market.standardizer, market.content_hash, weights.detach().cpu().clone().unsqueeze(0))
        for config, seed, weights in zip(pack.configs, pack.seeds, training.weights, strict=True)
    ]
