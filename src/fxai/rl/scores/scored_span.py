"""Scores of lanes from their greedy steps on a span of bars, in the study's base environment.

The span is divided into consecutive episodes. Each episode begins flat, and an open position is closed at its end, at
cost. Lanes differ only in what belongs to the agent, by `scoring_env_of`. The metrics are those of the whole span, or
the means over several parts of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.rules.compiled import Array
from fxai.market.scores.instrument_scores import InstrumentBars, InstrumentScores, LaneScore
from fxai.market.scores.scored_steps import ScoredSteps, SpanScore
from fxai.market.splits.splits import Span
from fxai.rl.environment.random_starts import Spans, spans_of_lanes
from fxai.rl.kernels import STEP_FIELDS
from fxai.rl.scores.scored_episodes import ScoredEpisodes, equal_parts
from fxai.rl.scores.scoring_env import scoring_env_of
from fxai.spec.fields.env_config import EnvConfig

_TRADE_ENDS = (("closed", "closed_gain"), ("settled", "settled_gain"), ("exited", "exit_gain"))
"""Fields of a step: whether a trade ended, and its gain; by the agent, the episode's end and within the bar."""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One agent's steps through a span, in the order of time."""

    bar: NDArray[np.int64]  # [step]: index of the bar
    begins: NDArray[np.bool_]  # [step]: whether the step is the first of an episode
    steps: Mapping[str, NDArray[np.float64]]  # [step]: fields of MarketStep by name; 0 after termination
    score: LaneScore


class ScoredSpan:
    """The bars on which the lanes of a pack are scored, and the environments that score them."""

    def __init__(
        self,
        span: Spans,
        bars_per_year: float,
        base: EnvConfig,
        own: Sequence[EnvConfig],
        *,
        parts: int | None = None,
        instruments: InstrumentBars | None = None,
    ) -> None:
        """Prepare the episodes.

        Args:
            span: Bars to score, for all lanes or for each lane. Several spans of a lane are scored separately. With
                instruments: a span of each instrument, for all lanes.
            bars_per_year: For annualized metrics.
            base: Environment that scores.
            own: Environment of each lane's training; `scoring_env_of` says which of its fields are used.
            parts: Number of equal parts to score separately; remaining bars at the end are not scored. None: one part.
            instruments: The bars of several instruments, whose metrics are averaged; None: one instrument.
        """
        self._instruments = instruments
        spans = spans_of_lanes(span, len(own))
        if parts is not None and (isinstance(span, Span) or instruments is not None):
            equal, base = equal_parts(spans[0], base, parts)
            spans = [equal] * len(own)
        self.spans, self._bars_per_year = spans, bars_per_year
        self.configs = tuple(scoring_env_of(base, config) for config in own)
        self.episodes = ScoredEpisodes.of(spans, base.max_episode_steps)

    def scores(self, steps: Array, lanes: Sequence[int]) -> list[LaneScore]:
        """The score of each of the given lanes.

        `mean_reward` is the sum of rewards divided by the number of steps in the span. An episode has no rewards after
        termination, so early termination cannot raise the score.

        Args:
            steps: The fields `STEP_FIELDS` of these lanes, [lane, field, episode, time]. Bars after the end of an
                episode are 0.
            lanes: The lanes.
        """
        return [self._score(fields, lane) for fields, lane in zip(self._by_step(steps, lanes), lanes, strict=True)]

    def trajectories(self, steps: Array) -> list[Trajectory]:
        """The trajectory of each lane; `steps` are those of all lanes, as of `scores`."""
        lanes = range(len(self.configs))
        return [self._trajectory(fields, lane) for lane, fields in enumerate(self._by_step(steps, lanes))]

    def _trajectory(self, steps: NDArray[np.float64], lane: int) -> Trajectory:
        """The trajectory of one lane from its fields [field, step]."""
        of = dict(zip(STEP_FIELDS, steps, strict=True))
        of["position"] = _nearest(of["position"], self.configs[lane].held_positions)
        bars = self.episodes.bars(lane)
        return Trajectory(
            bar=np.concatenate(bars),
            begins=np.concatenate([np.arange(len(episode)) == 0 for episode in bars]),
            steps=of,
            score=self._score(steps, lane),
        )

    def _by_step(self, steps: Array, lanes: Sequence[int]) -> list[NDArray[np.float64]]:
        """The fields of each lane, [field, step], with the episodes in the order of time."""
        inside = self.episodes.inside(steps.shape[-1])
        return [fields[:, inside[lane]].astype(np.float64) for fields, lane in zip(steps, lanes, strict=True)]

    def _score(self, steps: NDArray[np.float64], lane: int) -> LaneScore:
        """The score of one lane from its fields [field, step]."""
        of = dict(zip(STEP_FIELDS, steps, strict=True))
        ends = [(of[name] > 0, of[gain] > 0) for name, gain in _TRADE_ENDS]
        closed = np.sum([ended for ended, _ in ends], axis=0, dtype=float)
        won = np.sum([ended & gains for ended, gains in ends], axis=0, dtype=float)
        scored = ScoredSteps(of["reward"], of["step_return"], of["turnover"], closed, won)
        lengths = [len(span) - 1 for span in self.spans[lane]]
        if self._instruments is not None:
            return InstrumentScores.of(scored, lengths, self._instruments)
        return SpanScore.of(scored, self._bars_per_year, lengths)


def _nearest(rounded: NDArray[np.float64], positions: Sequence[float]) -> NDArray[np.float64]:
    """The positions that float32 has rounded."""
    choices = np.array(positions, np.float64)
    nearest: NDArray[np.float64] = choices[np.abs(rounded[:, None] - choices).argmin(1)]
    return nearest
