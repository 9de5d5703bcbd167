"""Records that cross process borders: requests to workers, and their reports and results.

They have plain data, do not depend on Optuna or torch, and are sent as JSON (`wire.py`), so that local processes and
other machines use the same format.
"""

from pydantic import JsonValue

from fxai.protocol.bounds import (
    LONGEST_NAME,
    bounded_metrics,
    bounded_report,
    bounded_result,
    number_of,
    shown,
    step_of,
    wrong_step,
)
from fxai.protocol.failure import (
    TrialFailedError,
    described,
    error_of,
    failed,
    is_device_out_of_memory,
    is_out_of_memory,
)
from fxai.protocol.identity import adopt_folder, identity_of, set_aside, take_folder
from fxai.protocol.objective import LaneObjective, Lanes, Objective
from fxai.protocol.paths import TrialPaths
from fxai.protocol.records import (
    MARKET_ERROR,
    MOST_STEP,
    RESERVED,
    SEED_ERROR,
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
    StoredReports,
    StudyIdentity,
    TrialError,
    TrialRequest,
    TrialResult,
    TrialState,
    Usage,
)

__all__ = [
    "LONGEST_NAME",
    "MARKET_ERROR",
    "MOST_STEP",
    "RESERVED",
    "SEED_ERROR",
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
    "StoredReports",
    "StudyIdentity",
    "TrialError",
    "TrialFailedError",
    "TrialPaths",
    "TrialRequest",
    "TrialResult",
    "TrialState",
    "Usage",
    "adopt_folder",
    "bounded_metrics",
    "bounded_report",
    "bounded_result",
    "described",
    "error_of",
    "failed",
    "identity_of",
    "is_device_out_of_memory",
    "is_out_of_memory",
    "number_of",
    "set_aside",
    "shown",
    "step_of",
    "take_folder",
    "wrong_step",
]
