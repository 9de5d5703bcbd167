"""The contract of an algorithm: what one update does to all lanes of a pack."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from fxai.rl.lanes.policy import Policy


class Learner(Protocol):
    """An algorithm at work. Lanes share nothing but the kernels: each has its own hyperparameters and chance."""

    weights: Tensor
    """[lane, size]: of the policy that acts and is scored; an agent is one row."""

    @property
    def policy(self) -> Policy: ...

    @property
    def statistics(self) -> tuple[str, ...]:
        """The names of what `update` returns."""
        ...

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        """One roll-out and what is learnt from it; means of the statistics over it, [lane, statistic].

        `clock` [lane] int64 is the number of updates that each lane has had, `rate` [lane] its learning
        rate now. Nothing is brought to the host, so that a device runs ahead and the whole can be captured.
        """
        ...

    def state(self) -> dict[str, Tensor]:
        """All that changes from update to update, each [lane, ...]; not copies."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to a state."""
        ...
