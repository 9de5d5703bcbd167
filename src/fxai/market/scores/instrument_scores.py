"""Scores of an agent on several instruments: the mean over the instruments, and what each date adds to the mean.

The instruments have common dates, on which their markets move together. So the error of a mean over instruments is the
error of a mean over dates, with the influences (`market/scores/scored_steps.py`) of all instruments on a date added up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray, TimeArray
from fxai.market.scores.scored_steps import SCORES, ScoredSteps, SpanScore
from fxai.protocol.standard_error import mean


@dataclass(frozen=True, slots=True, eq=False)
class InstrumentBars:
    """The bars on which several instruments are scored: those of one instrument after those of the other."""

    names: tuple[str, ...]
    counts: tuple[int, ...]  # number of scored bars of each instrument
    bars_per_year: tuple[float, ...]  # of each instrument
    time: TimeArray  # [bar], opens of the scored bars of all instruments

    def dates(self) -> TimeArray:
        """The times at which any instrument has a scored bar, [date]."""
        return np.unique(self.time)

    def places(self) -> list[NDArray[np.int64]]:
        """The index in `dates` of each scored bar, for each instrument."""
        return np.split(np.searchsorted(self.dates(), self.time), np.cumsum(self.counts)[:-1])

    def portfolio(self, numbers: FloatArray) -> FloatArray:
        """The mean over all instruments on each date; an instrument without a bar on a date adds 0.

        Args:
            numbers: Returns or rewards, [..., bar].

        Returns:
            [..., date].
        """
        sums = np.zeros((*numbers.shape[:-1], len(self.dates())))
        for place, of_one in zip(self.places(), self.split(numbers), strict=True):
            sums[..., place] += of_one
        means: FloatArray = sums / len(self.names)
        return means

    def split(self, numbers: FloatArray) -> list[FloatArray]:
        """Numbers [..., bar] of each instrument."""
        return np.split(numbers, np.cumsum(self.counts)[:-1], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class InstrumentScores:
    """An agent's scores on several instruments."""

    metrics: Mapping[str, float]  # `SCORES` by name: means over the instruments
    scores: tuple[SpanScore, ...]  # of each instrument
    bars: InstrumentBars

    @classmethod
    def of(cls, steps: ScoredSteps, lengths: Sequence[int], bars: InstrumentBars) -> "InstrumentScores":
        """The scores of steps on the bars.

        Args:
            steps: The steps on `bars`.
            lengths: Number of bars of each part; all instruments have the same number of parts, in their order.
            bars: The bars.
        """
        parts = len(lengths) // len(bars.names)
        scores = tuple(
            SpanScore.of(of_one, per_year, lengths[place * parts : (place + 1) * parts])
            for place, (of_one, per_year) in enumerate(zip(steps.parts(bars.counts), bars.bars_per_year, strict=True))
        )
        return cls({name: mean([score.metrics[name] for score in scores]) for name in SCORES}, scores, bars)

    @property
    def returns(self) -> FloatArray:
        """Simple returns of all bars, [bar]."""
        return np.concatenate([score.returns for score in self.scores])

    @property
    def rewards(self) -> FloatArray:
        """Rewards of all bars, [bar]."""
        return np.concatenate([score.rewards for score in self.scores])

    def influences(self) -> Mapping[str, FloatArray]:
        """For each of `SCORES`, one number for each date, [date]; its mean over dates is the mean over instruments."""
        of_each = [score.influences() for score in self.scores]
        if len(of_each) == 1:
            return of_each[0]
        places, dates = self.bars.places(), len(self.bars.dates())
        found = {}
        for name, value in self.metrics.items():
            total = np.full(dates, value)
            for place, score, influences in zip(places, self.scores, of_each, strict=True):
                weight = dates / (len(place) * len(of_each))
                total[place] += weight * (influences[name] - score.metrics[name])
            found[name] = total
        return found


LaneScore: TypeAlias = SpanScore | InstrumentScores
"""The score of a lane on one market, or on several instruments."""
