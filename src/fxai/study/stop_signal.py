"""How a run is asked to end: once for soon, twice for now."""

from enum import IntEnum


class Urgency(IntEnum):
    NONE = 0
    SOON = 1  # no new trials; running ones end or are saved at their next report
    NOW = 2  # running trials are cut off and go back to their last checkpoint


class StopSignal:
    """A request to end that may come from a signal handler at any moment."""

    def __init__(self) -> None:
        self._urgency = Urgency.NONE

    def request(self) -> None:
        """Ask to end; asked again, more urgently."""
        self._urgency = Urgency(min(self._urgency + 1, Urgency.NOW))

    @property
    def urgency(self) -> Urgency:
        return self._urgency
