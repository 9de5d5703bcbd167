"""Draws the first and last bars of episodes."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from fxai.errors import DataError
from fxai.market.splits import Span
from fxai.rl.lanes import counter_rng

BLOCK = 64  # steps whose starts are drawn together by default, because one draw takes thirty small kernels


Episode: TypeAlias = tuple[Tensor, Tensor]
"""First and last bar, each [lane, env] int64."""


class Episodes:
    """Episodes within a span of bars, with random or given starts.

    A random start leaves bars for a whole episode. If the span is shorter than that, the episode is the whole span.
    The start is a function of seed, step number and environment.
    """

    def __init__(
        self,
        span: Span,
        *,
        window: int,
        steps: Sequence[int],
        seeds: Tensor,
        envs: int,
        starts: Tensor | None = None,
    ) -> None:
        """Creates episodes whose bars are within the span, as are the windows of random starts.

        Args:
            span: The bars.
            window: Number of bars of an observation.
            steps: Longest episode of each lane, in steps.
            seeds: [lane] int64.
            envs: Number of environments per lane.
            starts: Given starts [lane, env] int64, instead of random ones.

        Raises:
            DataError: The span is too short for a step.
        """
        begin = span.start + window - 1
        if span.stop - 1 <= begin:
            raise DataError(
                f"a split of {len(span)} bars is too short for an episode: env.observation_window needs {window} bars "
                "before the first step; shorten the window or provide more bars"
            )
        self._seeds, self._envs = seeds, envs
        self._last_bar = span.stop - 1
        self._steps = torch.tensor(steps, device=seeds.device)[:, None]
        self._begin = begin
        self._choices = (self._last_bar - self._steps - begin + 1).clamp(min=1)
        self._given = None if starts is None else self._with_ends(self._checked(starts, span))
        self._step = torch.zeros_like(seeds)  # step number of the first start in `_drawn`
        self._drawn: Sequence[Episode] = ()
        self._used = 0

    @property
    def step(self) -> Tensor:
        """Number of calls of `next`, [lane] int64."""
        return self._step + self._used

    def set_step(self, step: Tensor) -> None:
        """Continues with the step numbers [lane]."""
        self._step, self._used, self._drawn = step, 0, ()

    def draw_ahead(self, steps: int) -> None:
        """Draws the episodes of the next steps together."""
        if self._given is None:
            self._step, self._used = self.step, 0
            self._drawn = self._draw(steps)

    def next(self) -> Episode:
        """Returns the episodes that begin now where one ends. Each call is a step."""
        if self._given is None and self._used == len(self._drawn):
            self.draw_ahead(BLOCK)
        self._used += 1
        return self._given or self._drawn[self._used - 1]

    def _draw(self, count: int) -> list[Episode]:
        """Draws the episodes of the next `count` steps."""
        lanes = len(self._seeds)
        steps = self._step + torch.arange(count, device=self._seeds.device).unsqueeze(1)  # [step, lane]
        purpose = counter_rng.Purpose.EPISODE_START
        bits = counter_rng.bits(self._seeds.repeat(count), purpose, steps.flatten(), (self._envs,))
        starts, ends = self._with_ends(self._begin + bits.reshape(count, lanes, self._envs).remainder(self._choices))
        return list(zip(starts.unbind(0), ends.unbind(0), strict=True))

    def _with_ends(self, starts: Tensor) -> Episode:
        return starts, (starts + self._steps).clamp(max=self._last_bar)

    def _checked(self, starts: Tensor, span: Span) -> Tensor:
        shape = (len(self._seeds), self._envs)
        if starts.shape != shape or starts.min() < span.start or starts.max() >= self._last_bar:
            raise ValueError(f"starts must be {shape} bars from {span.start} to {self._last_bar - 1}")
        return starts.to(self._seeds.device).contiguous()
