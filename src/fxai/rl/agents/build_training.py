"""Builds the training of trading agents from a pack and a market, and agents from the training."""

import torch

from fxai.market.markets.dataset import Market, prepare_folds
from fxai.market.markets.instruments import MarketSet
from fxai.market.scores.scored_instruments import scored_instruments
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.scoring import Scorer
from fxai.rl.algorithms.build import build_learner
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.rl.environment.episodes import Spans
from fxai.rl.environment.fold_spans import scored_spans, train_spans
from fxai.rl.environment.instrument_spans import scored_instrument_spans, set_on_device
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors, folds_on_device
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.tensor_program import TensorProgram
from fxai.rl.training.training import Training
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig


def build_training(
    pack: Pack,
    base: EnvConfig,
    market: Market | MarketSet,
    device: torch.device,
    tensors: MarketTensors | None = None,
    *,
    cuda_graph_after: int | None = None,
) -> Training:
    """A training on the market's train split, scored on its validation split, or of each lane on its fold.

    With several instruments, each lane draws its episodes over the train splits of all of them, in proportion to their
    bars, and its score is the mean over the validation splits.

    Args:
        pack: Configurations and seeds.
        base: Environment that scores.
        market: Bars, features and splits, of one market or of several instruments.
        device: Device of the training.
        tensors: The market's tensors if they are on the device already. Lanes in folds need those of all folds.
        cuda_graph_after: See `TensorProgram`.
    """
    markets = market if isinstance(market, MarketSet) else MarketSet.of_one(market, pack.configs[0].data)
    lanes = len(pack.seeds)
    train: Spans = markets.first.splits.train
    if pack.folds:
        train = train_spans(markets.first, pack.folds)
    elif markets.names:
        train = [markets.train] * lanes
    tensors = tensors or _tensors(pack, markets, device)
    seeds = torch.tensor(pack.seeds, dtype=torch.int64)
    own = [config.env for config in pack.configs]
    env = MarketEnv(tensors, train, own, seeds, pack.configs[0].training.n_envs)
    learner = build_learner(pack, env, device)
    score = build_scorer(pack, base, markets, device, tensors)
    return Training(pack, TensorProgram(learner, score, device, cuda_graph_after=cuda_graph_after))


def build_scorer(
    pack: Pack, base: EnvConfig, markets: MarketSet, device: torch.device, tensors: MarketTensors | None = None
) -> Scorer:
    """The scorer of a pack's lanes on the validation split, or of each lane on its fold; see `build_training`."""
    lanes, window = len(pack.seeds), pack.configs[0].env.observation_window
    test: Spans = markets.first.splits.validation
    if pack.folds:
        test = scored_spans(markets.first, pack.folds, window)
    elif markets.names:
        test = [scored_instrument_spans(markets, window)] * lanes
    episodes = pack.configs[0].data.split.validation_episodes  # the same for all trials
    return Scorer(
        tensors or _tensors(pack, markets, device),
        test,
        markets.first.bars_per_year,
        base,
        [config.env for config in pack.configs],
        parts=episodes,
        instruments=scored_instruments(markets, episodes),
    )


def observation_shape(config: TrainingConfig, markets: MarketSet) -> tuple[int, int]:
    """Bars of the observation window, and columns per bar: the features, then those of the account."""
    return config.env.observation_window, len(markets.first.standardizer.names) + len(ACCOUNT_FEATURES)


def _tensors(pack: Pack, markets: MarketSet, device: torch.device) -> MarketTensors:
    if pack.folds:
        return folds_on_device(prepare_folds(pack.configs[0].data), device)
    return set_on_device(markets, device)


def lane_agent(training: Training, lane: int, pack: Pack, markets: MarketSet, base: EnvConfig) -> Agent:
    """The agent of one lane with the present weights; `base` is the environment that scores it."""
    weights = torch.from_numpy(training.weights[lane : lane + 1].copy())
    return Agent.trained(pack.configs[lane], pack.seeds[lane], markets, weights, base)
