"""Scores policies with greedy actions on a span of bars; see `rl/scores/scored_span.py`."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.market.rules.compiled import Array
from fxai.market.rules.rule_records import HOLD
from fxai.market.scores.instrument_scores import LaneScore
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.kernels import STEP_FIELDS
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.lanes.policy import Policy, greedy
from fxai.rl.networks.mlp import Mlp
from fxai.rl.scores.acting_nets import ActingNets
from fxai.rl.scores.compiled_scorer import CompiledScorer
from fxai.rl.scores.scored_span import ScoredSpan, Trajectory


class Scorer:
    """Scores the policies of all lanes on the bars of a span."""

    def __init__(self, market: MarketTensors, scored: ScoredSpan) -> None:
        """`market` has the tensors on the device."""
        self._market, self._scored = market, scored

    def __call__(self, policy: Policy, weights: Tensor, lanes: Sequence[int] | None = None) -> list[LaneScore]:
        """The score of each lane; see `ScoredSpan.scores`.

        Args:
            policy: The policy of all lanes.
            weights: [lane, size], of all lanes, on any device.
            lanes: Lanes to score; None: all.
        """
        all_lanes = range(len(self._scored.configs))
        chosen = all_lanes if lanes is None else lanes
        # On a GPU all lanes are scored, because a lane's numbers may depend on the width.
        scored_lanes = chosen if self._market.device.type == "cpu" else all_lanes
        steps = self._run(policy, weights[list(scored_lanes)].to(self._market.device), scored_lanes)
        steps = steps[[scored_lanes.index(lane) for lane in chosen]]
        return self._scored.scores(steps.cpu().numpy(), chosen)

    def trajectories(self, policy: Policy, weights: Tensor) -> list[Trajectory]:
        """Trajectory of each lane, for weights [lane, size]."""
        return self._scored.trajectories(self.steps(policy, weights))

    def steps(self, policy: Policy, weights: Tensor) -> Array:
        """The fields of all steps of each lane, as `ScoredSpan.scores` reads them, for weights [lane, size]."""
        found: Array = self._run(policy, weights.to(self._market.device), range(len(weights))).cpu().numpy()
        return found

    def _env(self, lanes: Sequence[int]) -> MarketEnv:
        episodes = self._scored.episodes
        return MarketEnv(
            self._market,
            [self._scored.spans[lane] for lane in lanes],
            [self._scored.configs[lane] for lane in lanes],
            torch.zeros(len(lanes), dtype=torch.int64),  # unused: the episode starts are fixed
            episodes.starts.shape[1],
            starts=torch.from_numpy(episodes.starts[list(lanes)]),
            ends=torch.from_numpy(episodes.ends[list(lanes)]),
            close_at_end=True,
            each_bar=True,
        )

    def _actions(self, policy: Policy, weights: Tensor, observation: Tensor, lanes: Sequence[int], bar: int) -> Tensor:
        """Greedy actions [lane, episode] in bar number `bar` of the episodes; HOLD between an agent's decisions."""
        decides = [bar % self._scored.configs[lane].step_gap == 0 for lane in lanes]
        if not any(decides):
            return torch.full(observation.shape[:2], HOLD, device=observation.device)
        action = greedy(policy, weights, observation)
        if all(decides):
            return action
        return torch.where(torch.tensor(decides, device=action.device)[:, None], action, HOLD)

    def _run(self, policy: Policy, weights: Tensor, lanes: Sequence[int]) -> Tensor:
        """The fields `STEP_FIELDS` of all bars of some lanes, [lane, field, episode, time].

        Bars after the end of an episode are 0.
        """
        if (nets := compiled_nets(policy, weights)) is not None:
            compiled = CompiledScorer(self._market.table, self._scored, nets)
            return torch.from_numpy(compiled.steps(weights.numpy(), lanes))
        return self._run_by_torch(policy, weights, self._env(lanes), lanes)

    @torch.no_grad()
    def _run_by_torch(self, policy: Policy, weights: Tensor, env: MarketEnv, lanes: Sequence[int]) -> Tensor:
        """The same; `env` are the lanes' environments."""
        observation, longest = env.reset(), self._scored.episodes.longest
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


def steps_by_torch(policy: Policy, weights: Array, table: MarketTable, scored: ScoredSpan, device: str) -> Array:
    """The steps of all lanes, for weights [lane, size], by one thread: a step is too small for several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return Scorer(MarketTensors.of_table(table, device), scored).steps(policy, torch.from_numpy(weights))
    finally:
        torch.set_num_threads(before)


def compiled_nets(policy: Policy, weights: Tensor) -> ActingNets | None:
    """The nets that act for a policy, for compiled loops; None if they do not know it, or not on this device."""
    if isinstance(policy, ActorCritic) or (isinstance(policy, QNetwork) and policy.is_one_net):
        network = policy.network
        if isinstance(network, Mlp) and runs_on_kernels(weights):
            return ActingNets.of_one(network.shape, policy.size)
    return None
