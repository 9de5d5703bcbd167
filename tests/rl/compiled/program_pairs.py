"""Programs of one pack in both ways: compiled loops on arrays, and torch's operations."""

from collections.abc import Sequence

import pytest
import torch

from fxai.market.markets.dataset import Market
from fxai.rl.algorithms.build import build_learner
from fxai.rl.compiled.program import CompiledProgram
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.lanes.learner import Learner
from fxai.rl.lanes.pack import Pack
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.training_config import TrainingConfig
from ways import use_torch_operations

CPU = torch.device("cpu")
SEEDS = (3, 14, 159)
ENVS, STEPS = 37, 9  # more environments than a block of the market's step, and no whole vectors
LANES: Sequence[dict[str, float | bool]] = (
    {"gamma": 0.9, "gae_lambda": 0.8},
    {"normalize_advantage": False},
    {"gamma": 0.99, "gae_lambda": 1.0},
)
DROPOUT = (0.3, 0.0, 0.1)


def lane_config(fields: dict[str, float | bool], algorithm: str, dropout: float = 0.0) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "data": {"source": "planted_1h", "split": {"embargo_bars": 24}},
            # Episodes end after five steps, or by a drawdown in fewer.
            "env": {"observation_window": 2, "max_episode_steps": 5, "drawdown_limit": 0.004, "positions": [-1, 0, 1]},
            "model": {"widths": [19, 7], "dropout": dropout},
            "training": {"algorithm": algorithm, "n_envs": ENVS, "rollout_steps": STEPS, **fields},
        }
    )


def pack_of(algorithm: str, lanes: Sequence[int], *, dropout: bool = False) -> Pack:
    rates = DROPOUT if dropout else (0.0, 0.0, 0.0)
    configs = tuple(lane_config(LANES[lane], algorithm, rates[lane]) for lane in lanes)
    return Pack(configs, tuple(SEEDS[lane] for lane in lanes))


def compiled_program(market: Market, pack: Pack) -> CompiledProgram:
    own = [config.env for config in pack.configs]
    scored = ScoredSpan(market.splits.validation, market.bars_per_year, own[0], own)
    return CompiledProgram(pack, MarketTable.of_market(market), market.splits.train, scored)


def torch_learner(market: Market, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> Learner:
    """The learner of the pack by torch's operations; the market's environments are those of the compiled loops."""
    own, seeds = [config.env for config in pack.configs], torch.tensor(pack.seeds)
    env = MarketEnv(on_device(market, CPU), market.splits.train, own, seeds, ENVS)
    use_torch_operations(monkeypatch)
    return build_learner(pack, env, CPU)
