"""Where episodes begin and how long they may last."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from fxai.errors import DataError
from fxai.market.splits import Span
from fxai.rl.lanes import counter_rng

BLOCK = 64  # steps whose starts are drawn at once unless foreseen: one draw costs thirty small kernels


Episode: TypeAlias = tuple[Tensor, Tensor]
"""First and last bar, each [lane, env] int64."""


class Episodes:
    """Episodes within a span of bars, drawn anew at each step or given once.

    A drawn start leaves room for a whole episode where the span has it; where it has not, the episode
    takes the whole span. The draw for (seed, step number, environment) is a pure function.
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
        """Episodes whose bars, and windows where starts are drawn, lie within the span.

        `window` counts the bars of an observation, `steps` gives each lane's longest episode, `seeds` is
        [lane] int64; `starts` [lane, env] int64 replaces the draws. Raises DataError where not even one
        step fits.
        """
        begin = span.start + window - 1
        if span.stop - 1 <= begin:
            raise DataError(
                f"a split of {len(span)} bars has no room for an episode: env.observation_window takes {window} of "
                "them before the first step; shorten it or bring more bars"
            )
        self._seeds, self._envs = seeds, envs
        self._last_bar = span.stop - 1
        self._steps = torch.tensor(steps, device=seeds.device)[:, None]
        self._begin = begin
        self._choices = (self._last_bar - self._steps - begin + 1).clamp(min=1)
        self._given = None if starts is None else self._with_ends(self._checked(starts, span))
        self._step = torch.zeros_like(seeds)  # of the first drawn start
        self._drawn: Sequence[Episode] = ()
        self._used = 0

    @property
    def step(self) -> Tensor:
        """How often `next` was asked for, [lane] int64."""
        return self._step + self._used

    def go_to(self, step: Tensor) -> None:
        """Continue with the step numbers [lane]."""
        self._step, self._used, self._drawn = step, 0, ()

    def foresee(self, steps: int) -> None:
        """Draw the episodes of the next steps at once."""
        if self._given is None:
            self._step, self._used = self.step, 0
            self._drawn = self._draw(steps)

    def next(self) -> Episode:
        """The episodes that may begin now; each call is a step."""
        if self._given is None and self._used == len(self._drawn):
            self.foresee(BLOCK)
        self._used += 1
        return self._given or self._drawn[self._used - 1]

    def _draw(self, count: int) -> list[Episode]:
        """Those of the next `count` steps."""
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
