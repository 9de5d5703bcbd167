"""Scores target positions on the validation split, as an agent is scored."""

import numpy as np

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.changed_bars import cut
from fxai.market.markets.dataset import Market
from fxai.market.scores.bar_returns import Windows, windows_of
from fxai.market.scores.position_returns import PositionReturns
from fxai.market.scores.scored_steps import SpanScore
from fxai.spec.fields.training_config import TrainingConfig


def bars_before_test(bars: Bars, market: Market) -> Bars:
    """The bars that a function of positions gets: those up to the end of the validation split."""
    return cut(bars, 0, market.splits.validation.stop)


def scored_windows(market: Market, config: TrainingConfig) -> Windows:
    """The bars that score positions: the validation split but its first bar, or its equal parts."""
    return windows_of(market.splits, config.data.split.validation_episodes)


def score_positions(market: Market, positions: FloatArray, config: TrainingConfig) -> SpanScore:
    """The score on the validation split.

    An episode has `env.max_episode_steps` bars, or is one of the equal parts of `data.split.validation_episodes`. It
    begins flat, and an open position is closed at its end, at cost.

    Args:
        market: The market.
        positions: Target positions of the bars up to the end of the validation split or later, [bar]. That of row t
            is traded at the open of bar t + 1.
        config: Of the study; `env` has the rules and costs. `env.positions` has no effect.
    """
    windows = scored_windows(market, config)
    is_one_part = config.data.split.validation_episodes is None
    longest = config.env.max_episode_steps if is_one_part else max(map(len, windows))
    bar = np.concatenate([np.arange(span.start, span.stop) for span in windows])
    begins = np.concatenate([np.arange(len(span)) % longest == 0 for span in windows])
    steps = PositionReturns.of_market(market, bar, begins, config.env).steps(positions[bar - 1])
    return SpanScore.of(steps, market.bars_per_year, [len(span) for span in windows])
