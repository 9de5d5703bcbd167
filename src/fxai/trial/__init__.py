"""The records that cross process borders: what a worker is given and what it answers.

They hold plain data, know nothing of Optuna or torch, and travel as JSON (`wire.py`), so that a local
process and a machine of a cluster speak the same language.
"""

from pydantic import JsonValue

from fxai.trial.failure import TrialFailedError, described, error_of, failed, is_out_of_memory
from fxai.trial.objective import LaneObjective, Lanes, Objective
from fxai.trial.paths import TrialPaths
from fxai.trial.records import (
    STANDARD_ERROR,
    Cause,
    Decision,
    Inherited,
    JsonObject,
    LanePlan,
    Outcome,
    ParamValue,
    Report,
    Slot,
    TrialError,
    TrialRequest,
    TrialResult,
    TrialState,
    Usage,
)

__all__ = [
    "STANDARD_ERROR",
    "Cause",
    "Decision",
    "Inherited",
    "JsonObject",
    "JsonValue",
    "LaneObjective",
    "LanePlan",
    "Lanes",
    "Objective",
    "Outcome",
    "ParamValue",
    "Report",
    "Slot",
    "TrialError",
    "TrialFailedError",
    "TrialPaths",
    "TrialRequest",
    "TrialResult",
    "TrialState",
    "Usage",
    "described",
    "error_of",
    "failed",
    "is_out_of_memory",
]
