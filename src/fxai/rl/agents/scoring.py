"""Scores policies with greedy actions on a span of bars, in the study's base environment.

The span is divided into consecutive episodes. Each episode begins flat, and an open position is closed at its end, at
cost. Lanes differ only in what belongs to the agent, by `scoring_env_of`. The metrics are those of the whole span, or
the means over several parts of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fxai.market.rules.rule_records import HOLD
from fxai.market.scores.instrument_scores import InstrumentBars, InstrumentScores, LaneScore
from fxai.market.scores.scored_steps import ScoredSteps, SpanScore
from fxai.market.splits.splits import Span
from fxai.rl.agents.compiled_scoring import CompiledScoring
from fxai.rl.agents.scored_episodes import ScoredEpisodes, equal_parts
from fxai.rl.environment.episodes import Spans
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.kernels import STEP_FIELDS
from fxai.rl.lanes.policy import Policy, greedy
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


class Scorer:
    """Scores the policies of all lanes on the bars of one span."""

    def __init__(
        self,
        market: MarketTensors,
        span: Spans,
        bars_per_year: float,
        base: EnvConfig,
        own: Sequence[EnvConfig],
        *,
        parts: int | None = None,
        instruments: InstrumentBars | None = None,
    ) -> None:
        """Prepare the environments.

        Args:
            market: Prices and features on the device.
            span: Bars to score, for all lanes or for each lane. Several spans of a lane are scored separately. With
                instruments: a span of each instrument, for all lanes.
            bars_per_year: For annualized metrics.
            base: Environment that scores.
            own: Environment of each lane's training; `scoring_env_of` says which of its fields are used.
            parts: Number of equal parts to score separately; remaining bars at the end are not scored. None: one part.
            instruments: The bars of several instruments, whose metrics are averaged; None: one instrument.
        """
        self._instruments = instruments
        spans: Sequence[Sequence[Span]] = [[span]] * len(own) if isinstance(span, Span) else span
        if parts is not None and (isinstance(span, Span) or instruments is not None):
            equal, base = equal_parts(spans[0], base, parts)
            spans = [equal] * len(own)
        self._market, self._spans, self._bars_per_year = market, spans, bars_per_year
        self._configs = [scoring_env_of(base, config) for config in own]
        self._episodes = ScoredEpisodes.of(spans, base.max_episode_steps)

    def __call__(self, policy: Policy, weights: Tensor, lanes: Sequence[int] | None = None) -> list[LaneScore]:
        """The score of each lane.

        `mean_reward` is the sum of rewards divided by the number of steps in the span. An episode has no rewards after
        termination, so early termination cannot raise the score.

        Args:
            policy: The policy of all lanes.
            weights: [lane, size], of all lanes, on any device.
            lanes: Lanes to score; None: all.
        """
        all_lanes = range(len(self._configs))
        chosen = all_lanes if lanes is None else lanes
        # On a GPU all lanes are scored, because a lane's numbers may depend on the width.
        scored_lanes = chosen if self._market.device.type == "cpu" else all_lanes
        env = self._env(scored_lanes)
        steps = self._run(policy, weights[list(scored_lanes)].to(self._market.device), env, scored_lanes)
        steps = steps[[scored_lanes.index(lane) for lane in chosen]]
        return [self._score(fields, lane) for fields, lane in zip(self._by_step(steps, chosen), chosen, strict=True)]

    def trajectories(self, policy: Policy, weights: Tensor) -> list[Trajectory]:
        """Trajectory of each lane, for weights [lane, size]."""
        lanes = range(len(self._configs))
        steps = self._run(policy, weights, self._env(lanes), lanes)
        return [self._trajectory(fields, lane) for lane, fields in enumerate(self._by_step(steps, lanes))]

    def _trajectory(self, steps: NDArray[np.float64], lane: int) -> Trajectory:
        """The trajectory of one lane from its fields [field, step]."""
        of = dict(zip(STEP_FIELDS, steps, strict=True))
        of["position"] = _nearest(of["position"], self._configs[lane].held_positions)
        bars = self._episodes.bars(lane)
        return Trajectory(
            bar=np.concatenate(bars),
            begins=np.concatenate([np.arange(len(episode)) == 0 for episode in bars]),
            steps=of,
            score=self._score(steps, lane),
        )

    def _env(self, lanes: Sequence[int]) -> MarketEnv:
        return MarketEnv(
            self._market,
            [self._spans[lane] for lane in lanes],
            [self._configs[lane] for lane in lanes],
            torch.zeros(len(lanes), dtype=torch.int64),  # unused: the episode starts are fixed
            self._episodes.starts.shape[1],
            starts=self._episodes.starts[list(lanes)],
            ends=self._episodes.ends[list(lanes)],
            close_at_end=True,
            each_bar=True,
        )

    def _actions(self, policy: Policy, weights: Tensor, observation: Tensor, lanes: Sequence[int], bar: int) -> Tensor:
        """Greedy actions [lane, episode] in bar number `bar` of the episodes; HOLD between an agent's decisions."""
        decides = [bar % self._configs[lane].step_gap == 0 for lane in lanes]
        if not any(decides):
            return torch.full(observation.shape[:2], HOLD, device=observation.device)
        action = greedy(policy, weights, observation)
        if all(decides):
            return action
        return torch.where(torch.tensor(decides, device=action.device)[:, None], action, HOLD)

    @torch.no_grad()
    def _run(self, policy: Policy, weights: Tensor, env: MarketEnv, lanes: Sequence[int]) -> Tensor:
        """The fields `STEP_FIELDS` of all bars of some lanes, [lane, field, episode, time].

        `env` are the lanes' environments, each at the first bar of its episode. Bars after the end of an episode are 0.
        """
        compiled = CompiledScoring.of(policy, weights, env)
        if compiled is not None:
            gaps = [self._configs[lane].step_gap for lane in lanes]
            return compiled.steps(weights, self._episodes, lanes, gaps)
        observation, longest = env.reset(), self._episodes.longest
        # Lists of the steps' tensors would keep small pieces of memory between the large ones of the observations.
        fields = weights.new_empty(longest, len(STEP_FIELDS), *observation.shape[:2])
        ended = torch.empty(longest, *observation.shape[:2], dtype=torch.bool, device=weights.device)
        for bar, (of_step, ends) in enumerate(zip(fields, ended, strict=True)):
            step = env.step(self._actions(policy, weights, observation, lanes, bar))  # begins ended episodes again
            torch.stack([getattr(step, name) for name in STEP_FIELDS], out=of_step)
            torch.logical_or(step.terminated, step.truncated, out=ends)
            observation = step.observation
        over = ended.cumsum(0)  # [time, lane, episode]: number of ended episodes, including this step
        alive = over - ended.to(over.dtype) == 0
        return (fields * alive.unsqueeze(1)).permute(2, 1, 3, 0)

    def _by_step(self, steps: Tensor, lanes: Sequence[int]) -> list[NDArray[np.float64]]:
        """The result of `_run` on `lanes`, for each lane [field, step] with the episodes in the order of time."""
        inside = self._episodes.inside(steps.shape[-1])
        return [fields[:, inside[lane]].numpy() for fields, lane in zip(steps.cpu().double(), lanes, strict=True)]

    def _score(self, steps: NDArray[np.float64], lane: int) -> LaneScore:
        """The score of one lane from its fields [field, step]."""
        of = dict(zip(STEP_FIELDS, steps, strict=True))
        ends = [(of[name] > 0, of[gain] > 0) for name, gain in _TRADE_ENDS]
        closed = np.sum([ended for ended, _ in ends], axis=0, dtype=float)
        won = np.sum([ended & gains for ended, gains in ends], axis=0, dtype=float)
        scored = ScoredSteps(of["reward"], of["step_return"], of["turnover"], closed, won)
        lengths = [len(span) - 1 for span in self._spans[lane]]
        if self._instruments is not None:
            return InstrumentScores.of(scored, lengths, self._instruments)
        return SpanScore.of(scored, self._bars_per_year, lengths)


def scoring_env_of(base: EnvConfig, own: EnvConfig) -> EnvConfig:
    """The base environment with the agent's observation window, positions, decisions, stop loss and take profit.

    With `sizing: units` the agent's positions are scaled to the `max_position` of the base environment. Short positions
    need the permission of both environments.
    """
    is_scaled = own.sizing == "units" and own.max_position != base.max_position
    of_agent = {
        "observation_window": own.observation_window,
        "positions": own.target_positions if is_scaled else own.positions,
        "actions": own.actions,
        "step_gap": own.step_gap,
        "stop_loss": own.stop_loss,
        "take_profit": own.take_profit,
        "allow_short": base.allow_short and own.allow_short,
    }
    return base.model_copy(update=of_agent)


def lowest_action(own: EnvConfig, base: EnvConfig) -> int:
    """The lowest action of an agent. Lower ones are replaced by it, because the agent may not be short.

    Args:
        own: Environment of the agent's training.
        base: Environment that scores.
    """
    if own.actions == "increment" or (own.allow_short and base.allow_short):
        return 0
    return own.target_positions.index(0.0)


def _nearest(rounded: NDArray[np.float64], positions: Sequence[float]) -> NDArray[np.float64]:
    """The positions that float32 has rounded."""
    choices = np.array(positions, np.float64)
    nearest: NDArray[np.float64] = choices[np.abs(rounded[:, None] - choices).argmin(1)]
    return nearest
