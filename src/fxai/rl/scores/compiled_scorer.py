"""Scores policies of multilayer perceptrons by a compiled loop, on a CPU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.market.scores.instrument_scores import LaneScore
from fxai.rl.environment.compiled_market import CompiledMarket
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.kernels import STEP_FIELDS, greedy_steps
from fxai.rl.scores.acting_nets import ActingNets
from fxai.rl.scores.scored_span import ScoredSpan


@dataclass(frozen=True, slots=True)
class CompiledScorer:
    """The lanes of a pack. The steps of single nets are those of torch's operations to the bit."""

    table: MarketTable
    scored: ScoredSpan
    nets: ActingNets

    def __call__(self, weights: Array, lanes: Sequence[int]) -> list[LaneScore]:
        """The score of each of the given lanes; `weights` [lane, number] are those of all lanes."""
        return self.scored.scores(self.steps(weights[list(lanes)], lanes), lanes)

    def steps(self, weights: Array, lanes: Sequence[int]) -> Array:
        """The fields of all steps [lane, field, episode, step]; 0 after the end of an episode.

        Args:
            weights: Of the given lanes, [lane, size].
            lanes: The lanes.
        """
        configs, episodes = [self.scored.configs[lane] for lane in lanes], self.scored.episodes
        each_bar = [config.model_copy(update={"step_gap": 1}) for config in configs]
        market = CompiledMarket(self.table, each_bar, close_at_end=True)
        starts, ends = episodes.starts[list(lanes)], episodes.ends[list(lanes)]
        market.begin(starts, ends)
        fields = np.zeros((len(lanes), len(STEP_FIELDS), starts.shape[1], episodes.longest), weights.dtype)
        greedy_steps(
            market.arrays,
            market.environments(),
            starts,
            ends,
            np.ascontiguousarray(weights),
            self.nets.arrays(),
            np.array([config.step_gap for config in configs]),
            fields,
        )
        return fields
