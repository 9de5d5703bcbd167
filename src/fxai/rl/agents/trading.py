"""Trading agents: which bars a pack learns from, and which score it."""

import torch

from fxai.market.dataset import Market
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.scoring import Scorer
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors, on_device
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Training
from fxai.spec.fields.env_config import EnvConfig


def trading(
    pack: Pack,
    base: EnvConfig,
    market: Market,
    device: torch.device,
    tensors: MarketTensors | None = None,
    *,
    graphed_after: int | None = None,
) -> Training:
    """A training on the market's train split, scored on its validation split in the environment `base`.

    `tensors` are the market's, where they are on the device already. See `Training` on `graphed_after`.
    """
    tensors = tensors or on_device(market, device)
    own = [config.env for config in pack.configs]
    seeds = torch.tensor(pack.seeds, dtype=torch.int64)
    env = MarketEnv(tensors, market.splits.train, own, seeds, pack.configs[0].training.n_envs)
    episodes = pack.configs[0].data.split.validation_episodes  # the same for all trials
    score = Scorer(tensors, market.splits.validation, market.bars_per_year, base, own, parts=episodes)
    return Training(pack, env, score, device, graphed_after=graphed_after)


def agent(training: Training, lane: int, pack: Pack, market: Market, base: EnvConfig) -> Agent:
    """The agent of a lane as it stands now; `base` is the environment that scores it."""
    weights = training.weights[lane : lane + 1].detach().cpu().clone()
    return Agent(pack.configs[lane], pack.seeds[lane], market.standardizer, market.content_hash, weights, base)
