"""The policy of several agents of one kind: the mean of their preferences, and the preferences of each."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from fxai.rl.lanes.ordered_mean import ordered_mean
from fxai.rl.lanes.policy import Policy


@dataclass(frozen=True, slots=True)
class CommitteePolicy:
    """The policy of a committee; its weights are those of the members, one after the other."""

    member: Policy
    columns: tuple[tuple[int, ...] | None, ...]  # of an observation, which each member reads; None: all
    averages: Literal["probabilities", "values"]

    @property
    def size(self) -> int:
        return len(self.columns) * self.member.size

    def preferences(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Logarithms of mean probabilities, or mean action values, [lane, action, sample].

        A committee of one returns the preferences of its member.
        """
        of_members = self.of_members(weights, observation)
        if len(self.columns) == 1:
            return of_members[:, 0]
        if self.averages == "values":
            return ordered_mean(of_members)
        log_probability = of_members.log_softmax(2)
        largest = log_probability.amax(1)  # so that the mean of small probabilities is not rounded to 0
        return largest + ordered_mean((log_probability - largest.unsqueeze(1)).exp()).log()

    def of_members(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Preferences of the members, [lane, member, action, sample]."""
        lanes, members = len(weights), len(self.columns)
        whole = tuple(range(observation.shape[-1]))
        own = torch.stack(
            [observation if own in (None, whole) else observation[..., own] for own in self.columns], dim=1
        )
        of_members = weights.reshape(lanes * members, -1).contiguous()  # a part of a vote's weights is not
        preferences = self.member.preferences(of_members, own.flatten(0, 1))
        return preferences.view(lanes, members, *preferences.shape[1:])
