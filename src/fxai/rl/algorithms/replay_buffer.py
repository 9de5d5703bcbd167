"""Replay buffer: the last steps of each lane's environments, in a ring.

The buffer stores steps, not targets. An n-step target is computed when it is drawn, so each target has n steps or ends
with its episode. The newest n - 1 steps are not drawn until their targets are complete. There is no off-policy
correction (as in Hessel et al. 2017, arXiv 1710.02298).

The buffer has no step counter. The number of written steps follows from the lane's number of updates, so a lane that
starts anew does not read earlier content.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.rollout import Rollout


@dataclass(frozen=True, slots=True)
class DrawnTransitions:
    """Drawn transitions by their index in the ring; each field is [lane, *draw]."""

    first: Tensor  # index of the transition's first step
    last: Tensor  # index of the target's last step, n - 1 later or at the end of the episode
    reward: Tensor  # discounted sum of the rewards from first to last
    discount: Tensor  # gamma^steps; 0 if the last step terminated the episode


@dataclass(frozen=True, slots=True)
class Transitions:
    """Samples of one gradient step; each field is [lane, sample, ...]."""

    observation: Tensor
    action: Tensor
    reward: Tensor  # discounted sum over up to n steps
    discount: Tensor  # of the next observation's value; 0 after termination
    next_observation: Tensor  # after the last step, in the same episode


class ReplayBuffer:
    """The last steps of all environments of all lanes.

    One transition takes little more memory than two observations.
    """

    def __init__(self, like: Tensor, *, steps: int, n_step: int) -> None:
        """Allocate memory.

        Args:
            like: Observations [lane, env, *shape].
            steps: Steps of each environment to store, at least `n_step`.
            n_step: Steps of a target.
        """
        self._lanes, self._envs = like.shape[:2]
        self._steps, self._n_step = steps, n_step
        shape = (self._lanes, steps, self._envs)
        never = torch.zeros(shape, dtype=torch.bool, device=like.device)
        self._ring = {  # keys are the field names of Rollout
            "observation": like.new_zeros(*shape, *like.shape[2:]),
            "final_observation": like.new_zeros(*shape, *like.shape[2:]),
            "action": torch.zeros(shape, dtype=torch.int64, device=like.device),
            "reward": like.new_zeros(shape),
            "terminated": never,
            "truncated": never.clone(),
        }
        self._lane = torch.arange(self._lanes, device=like.device)

    def write(self, rollout: Rollout, written: Tensor) -> None:
        """Store a roll-out of at most `steps` steps; `written` [lane] is the number of earlier steps."""
        count = rollout.reward.shape[1]
        step = written.unsqueeze(1) + torch.arange(count, device=written.device)
        index = (self._lane.unsqueeze(1) * self._steps + step.remainder(self._steps)).view(-1)
        for name, ring in self._ring.items():
            ring.flatten(0, 1).index_copy_(0, index, getattr(rollout, name).flatten(0, 1))

    def draw(self, bits: Tensor, written: Tensor, gamma: Tensor) -> DrawnTransitions:
        """Draw transitions with complete targets, with replacement.

        Args:
            bits: Random bits [lane, *draw].
            written: Number of steps of each environment so far, [lane], at least n.
            gamma: Discount [lane].
        """
        each = (len(bits), *[1] * (bits.dim() - 1))
        filled = written.clamp(max=self._steps)
        choice = bits.remainder(((filled - self._n_step + 1) * self._envs).view(each))
        env = choice.remainder(self._envs)
        step = (written - filled).view(each) + choice.div(self._envs, rounding_mode="floor")
        return self._n_step_targets(step, env, gamma.view(each))

    def transitions(self, drawn: DrawnTransitions, portion: int, lanes: int) -> Transitions:
        """The transitions [lane, portion, sample] of one portion, for the first lanes."""
        first, last = drawn.first[:lanes, portion], drawn.last[:lanes, portion]
        return Transitions(
            observation=self._at("observation", first),
            action=self._at("action", first),
            reward=drawn.reward[:lanes, portion],
            discount=drawn.discount[:lanes, portion],
            next_observation=self._at("final_observation", last),
        )

    def columns(self) -> tuple[Tensor, Tensor, Tensor]:
        """Observations [index, inputs], next observations and actions, by the indices of drawn transitions."""
        before, after = (self._ring[name].flatten(0, 2).flatten(1) for name in ("observation", "final_observation"))
        return before, after, self._ring["action"].flatten()

    def state(self) -> dict[str, Tensor]:
        """Content of the ring, each [lane, step, env, ...]."""
        return dict(self._ring)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, ring in self._ring.items():
            ring.copy_(state[name])

    def _n_step_targets(self, step: Tensor, env: Tensor, gamma: Tensor) -> DrawnTransitions:
        """n-step targets of `step`, counted from the start of the lane; a target stops at the end of its episode."""
        first = last = self._index(step, env)
        total = torch.zeros_like(first, dtype=gamma.dtype)
        discount = torch.ones_like(total)
        is_open = torch.ones_like(first, dtype=torch.bool)
        has_future = is_open
        for ahead in range(self._n_step):
            index = self._index(step + ahead, env)
            last = torch.where(is_open, index, last)
            total = torch.where(is_open, total + discount * self._at("reward", index), total)
            discount = torch.where(is_open, discount * gamma, discount)
            terminated, truncated = self._at("terminated", index), self._at("truncated", index)
            has_future = has_future & ~(is_open & terminated)
            is_open = is_open & ~(terminated | truncated)
        return DrawnTransitions(first, last, total, torch.where(has_future, discount, 0.0))

    def _index(self, step: Tensor, env: Tensor) -> Tensor:
        """Index of a step in the flattened ring."""
        lane = self._lane.view(-1, *[1] * (step.dim() - 1))
        return (lane * self._steps + step.remainder(self._steps)) * self._envs + env

    def _at(self, name: str, index: Tensor) -> Tensor:
        found: Tensor = self._ring[name].flatten(0, 2).index_select(0, index.reshape(-1)).unflatten(0, index.shape)
        return found
