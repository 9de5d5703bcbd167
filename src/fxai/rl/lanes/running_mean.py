"""Means of an update's statistics over its gradient steps, lane by lane."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class RunningMean:
    """Sums over the counted steps of each lane."""

    total: Tensor  # [lane, statistic]
    count: Tensor  # [lane, 1]

    @classmethod
    def of(cls, weights: Tensor, statistics: int) -> "RunningMean":
        """Zeros, for weights [lane, size]."""
        return cls(weights.new_zeros(len(weights), statistics), weights.new_zeros(len(weights), 1))

    def add(self, statistics: Tensor, counted: Tensor) -> None:
        """Add a step of the first lanes: `statistics` [n lanes, statistic] where `counted` [n lanes] bool."""
        lanes = len(statistics)
        self.total[:lanes] += torch.where(counted.unsqueeze(1), statistics, 0.0)
        self.count[:lanes] += counted.unsqueeze(1)

    def means(self) -> Tensor:
        """Means [lane, statistic]; NaN for a lane without steps."""
        return self.total / self.count
