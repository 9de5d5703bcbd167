"""The contract between a pack and what trains it. Its numbers are NumPy arrays on the host."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from fxai.market.rules.compiled import Array
from fxai.market.scores.instrument_scores import LaneScore

Arrays: TypeAlias = Mapping[str, Array]
"""Arrays by name, each [lane, ...], or of one lane without this axis."""


class LaneProgram(Protocol):
    """Trains and scores the lanes of a pack: torch's tensors on a device, or compiled loops on arrays."""

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of the statistics of an update."""
        ...

    def update(self, clock: Array, rate: Array) -> None:
        """One roll-out and the gradient steps on it, in every lane.

        Args:
            clock: Number of earlier updates of each lane, [lane] int64.
            rate: Learning rate of each lane, [lane] float64.
        """
        ...

    def last_statistics(self) -> Array:
        """Means of the statistics over the last update, [lane, statistic]; NaN before the first one."""
        ...

    def weights(self) -> Array:
        """Weights of each lane's policy, [lane, size]; valid until the next update."""
        ...

    def score(self, lanes: Sequence[int]) -> Sequence[LaneScore]:
        """The score of each of the given lanes with its present weights."""
        ...

    def state(self) -> dict[str, Array]:
        """Everything that changes from update to update, each [lane, ...]; valid until the next update."""
        ...

    def restore(self, state: Arrays) -> None:
        """Set the state. The program may keep the arrays, so the caller must not change them afterwards."""
        ...
