"""What the agents of a trial in folds earn on the bars of their own training."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from fxai.market.markets.dataset import Market
from fxai.market.scores.bar_returns import BarReturns
from fxai.market.splits.splits import Span
from fxai.objectives.cached_markets import cached_tensors_of_folds
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.scoring import Scorer
from fxai.rl.environment.fold_spans import train_spans
from fxai.rl.training.lane_pack import Lane


def train_returns(agent: Agent, weights: Tensor, lanes: Sequence[Lane], market: Market, step: int) -> BarReturns:
    """The returns of the lanes of a trial in folds, each with greedy actions on the train bars of its fold.

    They are scored on the CPU. The first bars of a train span, which only fill the first observation window, have no
    returns, as in the training.

    Args:
        agent: The agent of the first lane: configuration, standardizer and scoring environment.
        weights: Weights of all lanes, [lane, size], on the CPU.
        lanes: The lanes, each with its fold.
        market: The market with the folds.
        step: Number of updates of the weights.
    """
    folds = tuple(lane.fold for lane in lanes if lane.fold is not None)
    window = agent.config.env.observation_window
    spans = [_later(of_lane, window, window - 1) for of_lane in train_spans(market, folds)]
    tensors = cached_tensors_of_folds(agent.config.data, "cpu")
    scorer = Scorer(tensors, spans, market.bars_per_year, agent.base_env, [agent.config.env] * len(lanes))
    bars = BarReturns.of(step, [lane.seed for lane in lanes], scorer(agent.policy, weights), rewards=False)
    windows = tuple(tuple(_later(market.folds[fold].train, window, window)) for fold in folds)
    return replace(bars, folds=folds, windows=windows)


def _later(spans: Sequence[Span], window: int, bars: int) -> list[Span]:
    """The spans without their first bars. Spans that have no step after an observation window are left out."""
    return [Span(span.start + bars, span.stop) for span in spans if len(span) > window]
