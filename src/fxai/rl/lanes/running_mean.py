"""Means of what an update's steps were like, lane by lane."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class RunningMean:
    """Sums over the steps that counted for a lane."""

    total: Tensor  # [lane, statistic]
    count: Tensor  # [lane, 1]

    @classmethod
    def of(cls, weights: Tensor, statistics: int) -> "RunningMean":
        """Empty, for weights [lane, size]."""
        return cls(weights.new_zeros(len(weights), statistics), weights.new_zeros(len(weights), 1))

    def add(self, statistics: Tensor, counted: Tensor) -> None:
        """A step of the first lanes: statistics [some lanes, statistic], where `counted` [some lanes] bool."""
        lanes = len(statistics)
        self.total[:lanes] += torch.where(counted.unsqueeze(1), statistics, 0.0)
        self.count[:lanes] += counted.unsqueeze(1)

    def means(self) -> Tensor:
        """[lane, statistic]; NaN for a lane without a step."""
        return self.total / self.count
