"""Builds what torch trains and scores."""

from functools import lru_cache

import torch

from fxai.rl.agents.scoring import Scorer
from fxai.rl.algorithms.build import build_learner
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.random_starts import Spans
from fxai.rl.lanes.pack import Pack
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.rl.training.tensor_program import TensorProgram

_MARKETS = 8  # maximum number of markets whose tensors stay on a device


def tensor_program(
    pack: Pack,
    table: MarketTable,
    train: Spans,
    scored: ScoredSpan,
    device: str,
    *,
    cuda_graph_after: int | None = None,
) -> TensorProgram:
    """The program of a pack in the market's environments; see `build_training`."""
    tensors, place = market_on_device(table, device), torch.device(device)
    own, seeds = [config.env for config in pack.configs], torch.tensor(pack.seeds, dtype=torch.int64)
    env = MarketEnv(tensors, train, own, seeds, pack.configs[0].training.n_envs)
    learner = build_learner(pack, env, place)
    return TensorProgram(learner, Scorer(tensors, scored), place, cuda_graph_after=cuda_graph_after)


@lru_cache(maxsize=_MARKETS)
def market_on_device(table: MarketTable, device: str) -> MarketTensors:
    """The tensors of a table, copied once to a device."""
    return MarketTensors.of_table(table, device)
