"""A trial in a worker: its request, and whether its last report waits for a decision.

The lanes of an objective keep one for each of their trials. Nothing else in the worker keeps this fact.
"""

import time

from fxai.protocol import Decision, TrialRequest


class WorkerTrial:
    """A trial of a worker's lanes."""

    def __init__(self, request: TrialRequest) -> None:
        self.request = request
        self.waits = False  # whether its last report waits for a decision
        self.decision = Decision.CONTINUE  # the last one
        self._began = time.monotonic()

    @property
    def number(self) -> int:
        return self.request.number

    @property
    def seconds(self) -> float:
        """Seconds since the trial began in this worker."""
        return time.monotonic() - self._began

    def reported(self) -> None:
        """A report was sent to the parent."""
        self.waits = True

    def answered(self, decision: Decision) -> None:
        """The parent has decided on the last report, or ends the trial."""
        self.waits, self.decision = False, decision
