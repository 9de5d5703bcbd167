"""Episodes that cover the spans on which the lanes of a pack are scored."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.rules.compiled import Array
from fxai.market.splits.splits import Span
from fxai.spec.fields.env_config import EnvConfig


@dataclass(frozen=True, slots=True)
class ScoredEpisodes:
    """Episodes that cover the spans of each lane, [lane, episode] int64.

    A lane with fewer episodes than others repeats its first one; the repetition is not scored.
    """

    starts: Array
    ends: Array
    scored: Array  # number of steps that are scored
    longest: int  # number of steps of the longest episode

    @classmethod
    def of(cls, spans: Sequence[Sequence[Span]], longest: int) -> "ScoredEpisodes":
        """Cuts spans into episodes of `longest` steps; the last of a span may be shorter."""
        lanes = [
            [
                (start, min(start + longest, span.stop - 1))
                for span in lane
                for start in range(span.start, span.stop - 1, longest)
            ]
            for lane in spans
        ]
        most = max(map(len, lanes))
        starts, ends = np.moveaxis(np.array([lane + lane[:1] * (most - len(lane)) for lane in lanes]), -1, 0)
        exists = np.array([[place < len(lane) for place in range(most)] for lane in lanes])
        return cls(starts, ends, (ends - starts) * exists, int((ends - starts).max()))

    def inside(self, steps: int) -> Array:
        """Whether a step of an episode is scored [lane, episode, step]."""
        return np.arange(steps) < self.scored[..., None]

    def bars(self, lane: int) -> list[NDArray[np.int64]]:
        """The bar of each scored step of a lane, for each of its episodes."""
        episodes = zip(self.starts[lane].tolist(), self.scored[lane].tolist(), strict=True)
        return [np.arange(1, steps + 1) + start for start, steps in episodes if steps]


def equal_parts(spans: Sequence[Span], base: EnvConfig, parts: int) -> tuple[list[Span], EnvConfig]:
    """Each span in parts of equal numbers of steps, and the environment in which each part is one episode."""
    cut, longest = [], 1
    for span in spans:
        steps = (len(span) - 1) // parts
        starts = range(span.start, span.start + parts * steps, steps)
        cut += [Span(start, start + steps + 1) for start in starts]
        longest = max(longest, steps)
    return cut, base.model_copy(update={"max_episode_steps": longest})
