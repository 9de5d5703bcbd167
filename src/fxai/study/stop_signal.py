"""The signal that ends a run: the first request ends it soon, the second now."""

from enum import IntEnum


class Urgency(IntEnum):
    """How soon a run has to end."""

    NONE = 0
    SOON = 1  # no new trials start; running ones end or save a checkpoint at their next report
    NOW = 2  # running trials end at once; the next run continues them from their last checkpoints


class StopSignal:
    """The requests to end a run. A signal handler may add one at any time."""

    def __init__(self) -> None:
        self._urgency = Urgency.NONE

    def request(self) -> None:
        """Make the signal more urgent by one step."""
        self._urgency = Urgency(min(self._urgency + 1, Urgency.NOW))

    @property
    def urgency(self) -> Urgency:
        return self._urgency
