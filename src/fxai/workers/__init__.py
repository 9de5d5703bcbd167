"""Where trials run: one contract, several places."""

from fxai.workers.contract import (
    Activity,
    TrialEnded,
    TrialReported,
    TrialStarted,
    WorkerEvent,
    WorkerLost,
    Workers,
)

__all__ = ["Activity", "TrialEnded", "TrialReported", "TrialStarted", "WorkerEvent", "WorkerLost", "Workers"]
