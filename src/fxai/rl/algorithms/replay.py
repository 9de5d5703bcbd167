"""Experience kept for replay: a ring of the last steps of each lane's environments.

What is kept are steps, not targets. A target of n steps is put together when it is drawn, by following
the ring: so each has its n steps, or its episode's end, wherever a roll-out happened to stop. The newest
n - 1 steps wait until their targets are complete. Nothing corrects for actions that the policy would not
take any more (Hessel et al. 2017, arXiv 1710.02298, do without it too).

A ring has no clock of its own: how many steps a lane has written follows from how often it was updated,
so a lane that begins anew sees nothing of the one before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Drawn:
    """Transitions by where they lie in the ring; each field is [lane, *draw]."""

    first: Tensor  # place of the step that is learnt from
    last: Tensor  # place of the target's last step, n - 1 later or at the episode's end
    reward: Tensor  # sum of the rewards from first to last, discounted
    discount: Tensor  # gamma to the number of these steps; 0 where the last one terminated the episode


@dataclass(frozen=True, slots=True)
class Transitions:
    """What a gradient step learns from; each field is [lane, sample, ...]."""

    observation: Tensor
    action: Tensor
    reward: Tensor  # of up to n steps, discounted
    discount: Tensor  # of what follows; 0 where nothing does
    next_observation: Tensor  # at the end of these steps, in the same episode


class Replay:
    """The last steps of all environments of all lanes.

    One lane takes twice the size of an observation for each transition, and little more.
    """

    def __init__(self, like: Tensor, *, steps: int, n_step: int) -> None:
        """Room for `steps` steps, at least `n_step`, of environments that show `like` [lane, env, *shape]."""
        self._lanes, self._envs = like.shape[:2]
        self._steps, self._n_step = steps, n_step
        room = (self._lanes, steps, self._envs)
        never = torch.zeros(room, dtype=torch.bool, device=like.device)
        self._kept = {  # by their names in a roll-out
            "observation": like.new_zeros(*room, *like.shape[2:]),
            "final_observation": like.new_zeros(*room, *like.shape[2:]),
            "action": torch.zeros(room, dtype=torch.int64, device=like.device),
            "reward": like.new_zeros(room),
            "terminated": never,
            "truncated": never.clone(),
        }
        self._lane = torch.arange(self._lanes, device=like.device)

    def write(self, rollout: Rollout, written: Tensor) -> None:
        """Keep a roll-out of at most `steps` steps, in lanes that wrote `written` [lane] steps before it."""
        count = rollout.reward.shape[1]
        step = written.unsqueeze(1) + torch.arange(count, device=written.device)
        place = (self._lane.unsqueeze(1) * self._steps + step.remainder(self._steps)).view(-1)
        for name, ring in self._kept.items():
            ring.flatten(0, 1).index_copy_(0, place, getattr(rollout, name).flatten(0, 1))

    def draw(self, bits: Tensor, written: Tensor, gamma: Tensor) -> Drawn:
        """Choose by random bits [lane, *draw] among the steps with a whole target, with replacement.

        `written` [lane] is the number of steps of each environment so far, at least n; `gamma` is [lane].
        """
        each = (len(bits), *[1] * (bits.dim() - 1))
        filled = written.clamp(max=self._steps)
        choice = bits.remainder(((filled - self._n_step + 1) * self._envs).view(each))
        env = choice.remainder(self._envs)
        step = (written - filled).view(each) + choice.div(self._envs, rounding_mode="floor")
        return self._follow(step, env, gamma.view(each))

    def transitions(self, drawn: Drawn, portion: int, lanes: int) -> Transitions:
        """What lies at the draws [lane, portion, sample] of one portion, for the first lanes."""
        first, last = drawn.first[:lanes, portion], drawn.last[:lanes, portion]
        return Transitions(
            observation=self._at("observation", first),
            action=self._at("action", first),
            reward=drawn.reward[:lanes, portion],
            discount=drawn.discount[:lanes, portion],
            next_observation=self._at("final_observation", last),
        )

    def state(self) -> dict[str, Tensor]:
        """All that is kept, each [lane, step, env, ...]."""
        return dict(self._kept)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, ring in self._kept.items():
            ring.copy_(state[name])

    def _follow(self, step: Tensor, env: Tensor, gamma: Tensor) -> Drawn:
        """From steps, counted since the lane's beginning, go on until n are taken or the episode ends."""
        first = last = self._place(step, env)
        total = torch.zeros_like(first, dtype=gamma.dtype)
        discount = torch.ones_like(total)
        going = torch.ones_like(first, dtype=torch.bool)
        goes_on = going
        for ahead in range(self._n_step):
            here = self._place(step + ahead, env)
            last = torch.where(going, here, last)
            total = torch.where(going, total + discount * self._at("reward", here), total)
            discount = torch.where(going, discount * gamma, discount)
            terminated, truncated = self._at("terminated", here), self._at("truncated", here)
            goes_on = goes_on & ~(going & terminated)
            going = going & ~(terminated | truncated)
        return Drawn(first, last, total, torch.where(goes_on, discount, 0.0))

    def _place(self, step: Tensor, env: Tensor) -> Tensor:
        """Where a step lies in the flattened ring."""
        lane = self._lane.view(-1, *[1] * (step.dim() - 1))
        return (lane * self._steps + step.remainder(self._steps)) * self._envs + env

    def _at(self, name: str, place: Tensor) -> Tensor:
        found: Tensor = self._kept[name].flatten(0, 2).index_select(0, place.reshape(-1)).unflatten(0, place.shape)
        return found
