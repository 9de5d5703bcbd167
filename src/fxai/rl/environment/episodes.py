"""Draws the first and last bars of episodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from fxai.errors import DataError
from fxai.market.splits.splits import Span
from fxai.rl.lanes import counter_rng

BLOCK = 64  # steps whose starts are drawn together by default, because one draw takes thirty small kernels


Episode: TypeAlias = tuple[Tensor, Tensor]
"""First and last bar, each [lane, env] int64, or of several steps [step, lane, env]."""

_NONE: Episode = (torch.empty(0, 0, 0, dtype=torch.int64),) * 2

Spans: TypeAlias = Span | Sequence[Sequence[Span]]
"""One span of bars for all lanes, or the spans of each lane."""


class Episodes:
    """Episodes within spans of bars, with random or given starts.

    A random start leaves bars for a whole episode. If its span is shorter than that, the episode is the whole span.
    With several spans, a start is in each of them as often as the span has steps. The start is a function of seed,
    step number and environment.
    """

    def __init__(
        self,
        spans: Spans,
        *,
        window: int,
        steps: Sequence[int],
        seeds: Tensor,
        envs: int,
        starts: Tensor | None = None,
        ends: Tensor | None = None,
    ) -> None:
        """Creates episodes whose bars are within a span, as are the windows of random starts.

        Args:
            spans: The bars.
            window: Number of bars of an observation.
            steps: Longest episode of each lane, in steps.
            seeds: [lane] int64.
            envs: Number of environments per lane.
            starts: Given starts [lane, env] int64, instead of random ones.
            ends: Last bars [lane, env] of given starts; by default after the longest episode, or at the span's end.

        Raises:
            DataError: The spans of a lane are too short for a step.
        """
        of_lanes = [[spans]] * len(seeds) if isinstance(spans, Span) else spans
        self._seeds, self._envs = seeds, envs
        self._steps = torch.tensor(steps, device=seeds.device)[:, None]
        self._given: Episode | None = None
        if starts is None:
            self._starts = _RandomStarts.of(of_lanes, window, steps, seeds.device)
        else:
            self._given = self._with_ends(self._checked(starts, of_lanes), of_lanes, ends)
        self._step = torch.zeros_like(seeds)  # step number of the first start in `_drawn`
        self._drawn = _NONE  # of the steps from `_step` on
        self._used = 0

    @property
    def step(self) -> Tensor:
        """Number of calls of `next` and `skip`, [lane] int64."""
        return self._step + self._used

    def set_step(self, step: Tensor) -> None:
        """Continues with the step numbers [lane]."""
        self._step, self._used, self._drawn = step, 0, _NONE

    def draw_ahead(self, steps: int) -> None:
        """Draws the episodes of the next steps together."""
        if self._given is None:
            self._step, self._used = self.step, 0
            self._drawn = self._draw(steps)

    def next(self) -> Episode:
        """Returns the episodes that begin now where one ends. Each call is a step."""
        if self._given is None and self._used >= len(self._drawn[0]):
            self.draw_ahead(BLOCK)
        self._used += 1
        starts, ends = self._drawn
        return self._given or (starts[self._used - 1], ends[self._used - 1])

    def take(self, steps: int) -> Episode:
        """Returns the random episodes of the next steps, each [step, lane, env], for a loop that takes these steps."""
        self.draw_ahead(steps)
        self._used = steps
        return self._drawn

    def skip(self) -> None:
        """Counts a step in which no episode begins. Nothing is drawn for it."""
        self._used += 1

    def _draw(self, count: int) -> Episode:
        """Draws the episodes of the next `count` steps, each [step, lane, env]."""
        lanes = len(self._seeds)
        steps = self._step + torch.arange(count, device=self._seeds.device).unsqueeze(1)  # [step, lane]
        purpose = counter_rng.Purpose.EPISODE_START
        bits = counter_rng.bits(self._seeds.repeat(count), purpose, steps.flatten(), (self._envs,))
        starts, last_bars = self._starts(bits.reshape(count, lanes, self._envs))
        return starts, torch.minimum(starts + self._steps, last_bars)

    def _with_ends(self, starts: Tensor, spans: Sequence[Sequence[Span]], ends: Tensor | None) -> Episode:
        if ends is not None:
            return starts, ends.to(starts.device).contiguous()
        last_bars = torch.tensor([max(span.stop for span in lane) - 1 for lane in spans], device=starts.device)
        return starts, torch.minimum(starts + self._steps, last_bars[:, None])

    def _checked(self, starts: Tensor, spans: Sequence[Sequence[Span]]) -> Tensor:
        shape = (len(self._seeds), self._envs)
        first = min(span.start for lane in spans for span in lane)
        last = max(span.stop for lane in spans for span in lane) - 1
        if starts.shape != shape or starts.min() < first or starts.max() >= last:
            raise ValueError(f"starts must be {shape} bars from {first} to {last - 1}")
        return starts.to(self._seeds.device).contiguous()


@dataclass(frozen=True, slots=True)
class _RandomStarts:
    """The starts that random bits choose. The fields are int64, [lane, span] for the spans of each lane."""

    begins: Tensor  # first start
    last_bars: Tensor
    choices: Tensor  # number of starts that leave bars for a whole episode, at least 1
    before: Tensor  # sum of the weights of the spans before; beyond all bits for a span that a lane does not have
    totals: Tensor  # [lane, 1]: sum of all weights

    @classmethod
    def of(
        cls, spans: Sequence[Sequence[Span]], window: int, steps: Sequence[int], device: torch.device
    ) -> "_RandomStarts":
        """Makes the tables of spans. Spans without a step are left out."""
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
        rows = torch.tensor([lane + lane[-1:] * (most - len(lane)) for lane in lanes], device=device)
        begins, last_bars, choices, weights = rows.unbind(-1)
        # A lane with one span draws among its choices, however many spans other lanes have.
        single = torch.tensor([len(lane) == 1 for lane in lanes], device=device)[:, None]
        weights = torch.where(single, choices, weights)
        exists = torch.tensor([[place < len(lane) for place in range(most)] for lane in lanes], device=device)
        sums = (weights * exists).cumsum(1)
        before = torch.where(exists, sums - weights, torch.iinfo(torch.int64).max)
        return cls(begins, last_bars, choices, before, sums[:, -1:])

    def __call__(self, bits: Tensor) -> tuple[Tensor, Tensor]:
        """Returns starts [step, lane, env] for random bits of this shape, and the last bars of their spans."""
        drawn = bits.remainder(self.totals)
        if self.begins.shape[1] == 1:
            return self.begins + drawn, self.last_bars
        place = (drawn.unsqueeze(-1) >= self.before[:, None]).sum(-1) - 1
        lane = torch.arange(len(self.begins), device=bits.device)[:, None]
        within = drawn - self.before[lane, place]
        starts = self.begins[lane, place] + within.remainder(self.choices[lane, place])
        return starts, self.last_bars[lane, place]


def _places(span: Span, window: int, longest: int) -> tuple[int, int, int, int]:
    """First start, last bar, number of starts that leave bars for a whole episode, and number of steps of a span."""
    begin, last = span.start + window - 1, span.stop - 1
    return begin, last, max(1, last - longest - begin + 1), last - begin
