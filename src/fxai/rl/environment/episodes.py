"""Draws the first and last bars of episodes."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeAlias

import torch
from torch import Tensor

from fxai.market.splits.splits import Span
from fxai.rl.environment.random_starts import RandomStarts, Spans, spans_of_lanes
from fxai.rl.lanes import counter_rng

BLOCK = 64  # steps whose starts are drawn together by default, because one draw takes thirty small kernels


Episode: TypeAlias = tuple[Tensor, Tensor]
"""First and last bar, each [lane, env] int64, or of several steps [step, lane, env]."""

_NONE: Episode = (torch.empty(0, 0, 0, dtype=torch.int64),) * 2


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
        of_lanes = spans_of_lanes(spans, len(seeds))
        self._seeds, self._envs = seeds, envs
        self._steps = torch.tensor(steps, device=seeds.device)[:, None]
        self._given: Episode | None = None
        if starts is None:
            tables = RandomStarts.of(of_lanes, window, steps)
            arrays = (getattr(tables, field.name) for field in fields(tables))
            self._starts = RandomStarts(*(torch.from_numpy(array).to(seeds.device) for array in arrays))
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
