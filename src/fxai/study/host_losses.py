"""Losses of trials together with all workers of their host, such as a node that is switched off.

A trial seldom causes such a loss. So the first one costs each trial an attempt, and the next ones cost none. Only a
trial that has been lost with its host `MOST_HOST_LOSSES` times is treated as a trial that may crash its worker.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from fxai.pool import WorkerLost

MOST_HOST_LOSSES = 10  # of one trial in one run, without blame


class HostLosses:
    """How often each trial was lost with its host in this run."""

    def __init__(self) -> None:
        self._losses: Counter[int] = Counter()

    def blamed(self, event: WorkerLost, numbers: Sequence[int]) -> Collection[int]:
        """Note a loss. Returns the trials that may have caused it: all trials if only their worker was lost."""
        if not event.host:
            return numbers
        self._losses.update(numbers)
        return [number for number in numbers if self._losses[number] > MOST_HOST_LOSSES]

    def costs_attempt(self, event: WorkerLost, number: int) -> bool:
        """Whether the loss costs the trial an attempt. The loss was noted."""
        return not event.host or self._losses[number] == 1 or self._losses[number] > MOST_HOST_LOSSES
