"""The contract of an algorithm: one update of all lanes of a pack."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from fxai.rl.lanes.policy import Policy


class Learner(Protocol):
    """An algorithm for all lanes. Each lane has its own hyperparameters and random numbers."""

    weights: Tensor
    """[lane, size]: weights of the policy that acts and is scored; one row is one agent."""

    @property
    def policy(self) -> Policy: ...

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of the statistics that `update` returns."""
        ...

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        """One roll-out and the gradient steps on it. Nothing is copied to the host, so that the GPU can run ahead.

        Args:
            clock: Number of earlier updates of each lane, [lane] int64.
            rate: Learning rate of each lane, [lane].

        Returns:
            Means of the statistics over the update, [lane, statistic].
        """
        ...

    def state(self) -> dict[str, Tensor]:
        """All tensors that change from update to update, each [lane, ...]; not copies."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Set the state."""
        ...
