"""Chooses the first bars of episodes within spans of bars by random bits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from fxai.errors import DataError
from fxai.market.splits.splits import Span

Spans: TypeAlias = Span | Sequence[Sequence[Span]]
"""One span of bars for all lanes, or the spans of each lane."""


@dataclass(frozen=True, slots=True)
class RandomStarts:
    """Tables of spans, int64: arrays, or tensors on a device."""

    begins: Any  # first start [lane, span]
    last_bars: Any  # [lane, span]
    choices: Any  # number of starts that leave bars for a whole episode, at least 1, [lane, span]
    before: Any  # sum of the weights of the spans before; beyond all bits for a span that a lane does not have
    totals: Any  # sum of all weights, [lane, 1]
    lanes: Any  # number of each lane, [lane, 1]

    @classmethod
    def of(cls, spans: Sequence[Sequence[Span]], window: int, steps: Sequence[int]) -> "RandomStarts":
        """Makes the tables as arrays. Spans without a step are left out.

        Args:
            spans: The bars of each lane.
            window: Number of bars of an observation.
            steps: Longest episode of each lane, in steps.

        Raises:
            DataError: The spans of a lane are too short for a step.
        """
        lanes = [
            [_places(span, window, longest) for span in lane if len(span) > window]
            for lane, longest in zip(spans, steps, strict=True)
        ]
        if short := [lane for lane, places in zip(spans, lanes, strict=True) if not places]:
            bars = max(map(len, short[0]), default=0)
            raise DataError(
                f"a split of {bars} bars is too short for an episode: env.observation_window needs {window} bars "
                "before the first step; shorten the window or provide more bars"
            )
        most = max(map(len, lanes))
        rows = np.array([lane + lane[-1:] * (most - len(lane)) for lane in lanes], np.int64)
        begins, last_bars, choices, weights = np.moveaxis(rows, -1, 0)
        # A lane with one span draws among its choices, however many spans other lanes have.
        single = np.array([len(lane) == 1 for lane in lanes])[:, None]
        weights = np.where(single, choices, weights)
        exists = np.array([[place < len(lane) for place in range(most)] for lane in lanes])
        sums = (weights * exists).cumsum(1)
        before = np.where(exists, sums - weights, np.iinfo(np.int64).max)
        numbers = np.arange(len(lanes))[:, None]
        return cls(begins.copy(), last_bars.copy(), choices.copy(), before, sums[:, -1:].copy(), numbers)

    def __call__(self, bits: Any) -> tuple[Any, Any]:
        """Returns starts [step, lane, env] for random bits of this shape, and the last bars of their spans."""
        drawn = bits % self.totals
        if self.begins.shape[1] == 1:
            return self.begins + drawn, self.last_bars
        place = (drawn[..., None] >= self.before[:, None]).sum(-1) - 1
        within = drawn - self.before[self.lanes, place]
        starts = self.begins[self.lanes, place] + within % self.choices[self.lanes, place]
        return starts, self.last_bars[self.lanes, place]


def spans_of_lanes(spans: Spans, lanes: int) -> Sequence[Sequence[Span]]:
    """Returns the spans of each lane."""
    return [[spans]] * lanes if isinstance(spans, Span) else spans


def _places(span: Span, window: int, longest: int) -> tuple[int, int, int, int]:
    """First start, last bar, number of starts that leave bars for a whole episode, and number of steps of a span."""
    begin, last = span.start + window - 1, span.stop - 1
    return begin, last, max(1, last - longest - begin + 1), last - begin
