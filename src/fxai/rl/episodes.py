"""Where episodes begin and how long they may last."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.errors import DataError
from fxai.market.splits import Span
from fxai.rl import draws

BLOCK = 64  # steps whose starts are drawn at once unless foreseen: one draw costs thirty small kernels


class Episodes:
    """First bars of episodes within a span of bars, drawn anew at each step or given once.

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
        self._given = None if starts is None else self._checked(starts, span)
        self._step = torch.zeros_like(seeds)  # of the first drawn start
        self._drawn = torch.empty(len(seeds), 0, envs, dtype=torch.int64, device=seeds.device)
        self._used = 0

    @property
    def step(self) -> Tensor:
        """How often `starts` was asked for, [lane] int64."""
        return self._step + self._used

    def go_to(self, step: Tensor) -> None:
        """Continue with the step numbers [lane]."""
        self._step, self._used = step, 0
        self._drawn = self._drawn[:, :0]

    def foresee(self, steps: int) -> None:
        """Draw the starts of the next steps at once."""
        if self._given is None:
            self._step, self._used = self.step, 0
            self._drawn = self._draw(steps)

    def starts(self) -> Tensor:
        """First bars [lane, env] for the episodes that may begin now; each call is a step."""
        if self._given is not None:
            self._used += 1
            return self._given
        if self._used == self._drawn.shape[1]:
            self.foresee(BLOCK)
        self._used += 1
        return self._drawn[:, self._used - 1]

    def ends(self, starts: Tensor) -> Tensor:
        """Last bars [lane, env] of episodes from `starts`."""
        return (starts + self._steps).clamp(max=self._last_bar)

    def _draw(self, count: int) -> Tensor:
        """The starts of the next `count` steps, [lane, count, env]."""
        lanes = len(self._seeds)
        steps = self._step[:, None] + torch.arange(count, device=self._seeds.device)
        bits = draws.bits(
            self._seeds.repeat_interleave(count), draws.Purpose.EPISODE_START, steps.flatten(), (self._envs,)
        )
        return self._begin + bits.reshape(lanes, count, self._envs).remainder(self._choices[:, :, None])

    def _checked(self, starts: Tensor, span: Span) -> Tensor:
        shape = (len(self._seeds), self._envs)
        if starts.shape != shape or starts.min() < span.start or starts.max() >= self._last_bar:
            raise ValueError(f"starts must be {shape} bars from {span.start} to {self._last_bar - 1}")
        return starts.to(self._seeds.device)
