"""The score of a policy: greedy, on a span of bars, in an environment that no trial can change.

The span is tiled by consecutive episodes of the study's base environment. Each begins flat, and what is
open at its end is closed at cost. The lanes differ only in what their agents see and may do. The figures are those of
the whole span, or, where the span is scored in so many equal parts, the mean of the parts' figures: each part is one
episode then.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import fmean, stdev

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fxai.market.metrics import Performance, performance
from fxai.market.splits import Span
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.lanes.policy import Policy, greedy
from fxai.spec.fields.env_config import EnvConfig

SCORES = ("mean_reward", "val_loss", *(field.name for field in fields(Performance)))


_COUNTED = ("reward", "step_return", "turnover", "closed", "closed_gain", "settled", "settled_gain")
"""The fields of a step that make the score."""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One agent's way through the span, step by step in the order of time."""

    bar: NDArray[np.int64]  # [step]: the bar that the step went over
    begins: NDArray[np.bool_]  # [step]: whether it is the first of an episode
    steps: Mapping[str, NDArray[np.float64]]  # [step]: fields of MarketStep by name; 0 after a termination
    scores: Mapping[str, float]


class Scorer:
    """Scores the policies of all lanes at once on the bars of one span."""

    def __init__(
        self,
        market: MarketTensors,
        span: Span,
        bars_per_year: float,
        base: EnvConfig,
        own: Sequence[EnvConfig],
        *,
        parts: int | None = None,
    ) -> None:
        """`base` is the environment that scores; of `own`, one per lane, only what the agent sees and may do.

        With `parts` the bars that are left over after so many equal ones are not scored.
        """
        first, last = span.start, span.stop - 1
        if parts is not None:
            base = base.model_copy(update={"max_episode_steps": (last - first) // parts})
            last = first + parts * base.max_episode_steps
        self._market, self._span, self._bars_per_year = market, span, bars_per_year
        self._parts = parts or 1
        self._configs = [scored_with(base, config) for config in own]
        self._starts = torch.arange(first, last, base.max_episode_steps)
        self._lengths = (last - self._starts).clamp(max=base.max_episode_steps)
        self._longest = min(base.max_episode_steps, last - first)

    def __call__(self, policy: Policy, weights: Tensor, lanes: Sequence[int] | None = None) -> list[dict[str, float]]:
        """SCORES of some lanes, or of all, for weights [lane, size] of all; of several parts with their errors.

        `mean_reward` is the sum of rewards over the steps that the span has room for: after a
        termination an episode earns nothing more, so ending early never helps.
        """
        everyone = range(len(self._configs))
        chosen = everyone if lanes is None else lanes
        # On a device all are scored, whoever is asked for: there, a lane's numbers may depend on the width.
        together = chosen if self._market.device.type == "cpu" else everyone
        steps = self._run(policy, weights[list(together)], self._env(together), _COUNTED)
        steps = steps[[together.index(lane) for lane in chosen]]
        return [self._scores(lane) for lane in self._in_order(steps)]

    def walk(self, policy: Policy, weights: Tensor) -> Trajectory:
        """What the first lane does, step by step, for weights [1, size]."""
        (steps,) = self._in_order(self._run(policy, weights, self._env([0]), (*_COUNTED, "position")))
        bars = [
            np.arange(1, length + 1) + start
            for start, length in zip(self._starts.tolist(), self._lengths.tolist(), strict=True)
        ]
        return Trajectory(
            bar=np.concatenate(bars),
            begins=np.concatenate([np.arange(len(episode)) == 0 for episode in bars]),
            steps=dict(zip((*_COUNTED, "position"), steps, strict=True)),
            scores=self._scores(steps[: len(_COUNTED)]),
        )

    def _env(self, lanes: Sequence[int]) -> MarketEnv:
        return MarketEnv(
            self._market,
            self._span,
            [self._configs[lane] for lane in lanes],
            torch.zeros(len(lanes), dtype=torch.int64),  # nothing is drawn: the starts are given
            len(self._starts),
            starts=self._starts.expand(len(lanes), -1),
            close_at_end=True,
        )

    @torch.no_grad()
    def _run(self, policy: Policy, weights: Tensor, env: MarketEnv, names: Sequence[str]) -> Tensor:
        """Fields of all steps, [lane, field, episode, time].

        The environment begins ended episodes anew; what they do then counts nothing and is 0 here.
        """
        observation = env.reset()
        taken, ended = [], []
        for _ in range(self._longest):
            step = env.step(greedy(policy, weights, observation))
            taken.append([getattr(step, name) for name in names])
            ended.append(step.terminated | step.truncated)
            observation = step.observation
        over = torch.stack(ended, dim=2).cumsum(2)  # [lane, episode, time]: episodes ended, this step's among them
        alive = over - torch.stack(ended, dim=2).to(over.dtype) == 0
        fields = [torch.stack(field, dim=2).to(weights.dtype) for field in zip(*taken, strict=True)]
        return torch.stack(fields, dim=1) * alive.unsqueeze(1)

    def _in_order(self, steps: Tensor) -> NDArray[np.float64]:
        """What `_run` gave as [lane, field, step], episode after episode in the order of time."""
        inside = torch.arange(steps.shape[-1]) < self._lengths.unsqueeze(1)  # [episode, time]
        return steps.cpu().double()[:, :, inside].numpy()

    def _scores(self, steps: NDArray[np.float64]) -> dict[str, float]:
        """Of the counted fields [field, step] of one lane."""
        parts = [self._score(dict(zip(_COUNTED, part, strict=True))) for part in np.split(steps, self._parts, axis=1)]
        if len(parts) == 1:
            return parts[0]
        means = {name: fmean(part[name] for part in parts) for name in SCORES}
        errors = {error_of(name): stdev(part[name] for part in parts) / math.sqrt(len(parts)) for name in SCORES}
        return {**means, **errors}

    def _score(self, steps: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
        trades = [steps["closed_gain"][steps["closed"] > 0], steps["settled_gain"][steps["settled"] > 0]]
        figures = performance(
            steps["step_return"], np.concatenate(trades), float(steps["turnover"].sum()), self._bars_per_year
        )
        reward = float(steps["reward"].mean())
        return {"mean_reward": reward, "val_loss": 0.0 - reward, **figures.as_metrics()}


def error_of(score: str) -> str:
    """The name of a score's standard error over the parts of the span."""
    return f"{score}_error"


def scored_with(base: EnvConfig, own: EnvConfig) -> EnvConfig:
    """The base environment, seen through the agent's window; an agent may forgo shorts, not gain them."""
    seen = {"observation_window": own.observation_window, "allow_short": base.allow_short and own.allow_short}
    return base.model_copy(update=seen)
