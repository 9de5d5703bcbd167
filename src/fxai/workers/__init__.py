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
from fxai.workers.inline import InlineWorkers
from fxai.workers.limits import Limits
from fxai.workers.objective_loader import load_lanes, load_signature
from fxai.workers.process import ProcessWorkers
from fxai.workers.slots import SlotPlan, machine_slots

__all__ = [
    "Activity",
    "InlineWorkers",
    "Limits",
    "ProcessWorkers",
    "SlotPlan",
    "TrialEnded",
    "TrialReported",
    "TrialStarted",
    "WorkerEvent",
    "WorkerLost",
    "Workers",
    "load_lanes",
    "load_signature",
    "machine_slots",
]
