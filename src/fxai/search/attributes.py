"""Names of the attributes in which FxAI stores data of studies and trials.

Metrics of a trial are user attributes under their own names, so that optuna-dashboard can plot them. All other names
begin with `fxai:`.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from fxai.protocol import RESERVED, StudyIdentity, Usage

PREFIX: Final = RESERVED
_LARGEST_FLOAT: Final = 2**1023

# of a study
FINGERPRINT: Final = "fxai:fingerprint"
KEY: Final = "fxai:key"  # random: distinguishes studies of the same name in different databases
TRANSFER: Final = "fxai:transfer"  # the transfer from another study
PLAN: Final = "fxai:plan"  # sampler, pruner and budget of the last run, see `plan.py`
ENDED_BY: Final = "fxai:ended_by"  # stop rule that ended the study, and reason; None while it runs
BARS: Final = "fxai:bars"  # times of the study's bars, see `study_bars.py`
RUN: Final = "fxai:run"  # process, times and end of the last run, see `stored_run.py`
CONFIRMED: Final = "fxai:confirmed"  # result of the confirmation on fresh seeds, see `confirmed.py`

# of a trial
SEED: Final = "fxai:seed"  # stored, because the study's seed may change on resume
SECONDS: Final = "fxai:seconds"
DERIVED: Final = "fxai:derived"  # values of `tune.sample_from`, by name
ENV_STEPS: Final = "fxai:env_steps"
STEPS_PER_SECOND: Final = "fxai:steps_per_second"
PEAK_MEMORY: Final = "fxai:peak_memory_mb"
PEAK_GPU_MEMORY: Final = "fxai:peak_gpu_memory_mb"
CAUSE: Final = "fxai:cause"
MESSAGE: Final = "fxai:message"
TRACEBACK: Final = "fxai:traceback"
INFEASIBLE: Final = "fxai:infeasible"  # violated constraints; the trial was not trained and is not counted
TRANSFERRED: Final = "fxai:transferred"  # study and number of the copied trial; the copy is not counted
ENQUEUED: Final = "fxai:enqueued"  # "default" for trial 0, "spec" for trials of `enqueue`
PBT_HISTORY: Final = "fxai:lineage"  # population based training: exploits of the trial, see `pbt_history.py`
ATTEMPT: Final = "fxai:attempt"  # system attribute: number of lost runs of the trial
RETURNED: Final = "fxai:put back"  # system attribute: the last run ended without losing the trial
OBJECTIVE_HISTORY: Final = "fxai:course"  # system attribute: reports of all objectives, see `objective_history.py`
COMPARED: Final = "fxai:compared"  # system attribute: population based training, step of the last comparison

BOUNDS: Final = "constraints"  # system attribute: Optuna's constraints, in one list or under "constraints:NAME"

# Trials with one of these attributes are not counted.
UNCOUNTED: Final = (INFEASIBLE, TRANSFERRED)

# Prefix of the system attributes in which Optuna's successive halving and Hyperband store rungs.
RUNGS: Final = "completed_rung_"


def identity_of(user_attrs: Mapping[str, Any]) -> StudyIdentity:
    """Identity of the study, from its user attributes."""
    stored_fingerprint = json.dumps(user_attrs[FINGERPRINT], sort_keys=True)
    return StudyIdentity(user_attrs[KEY], hashlib.sha256(stored_fingerprint.encode()).hexdigest())


def metrics_of(user_attrs: Mapping[str, Any]) -> dict[str, float]:
    """Metrics of a trial, from its user attributes."""
    return {
        name: float(value)
        for name, value in user_attrs.items()
        if not name.startswith(PREFIX) and (isinstance(value, float) or _is_of_a_float(value))
    }


def usage_of(user_attrs: Mapping[str, Any]) -> Usage:
    """Resource usage of a trial, from its user attributes."""
    return Usage(
        env_steps=user_attrs.get(ENV_STEPS, 0),
        steps_per_second=user_attrs.get(STEPS_PER_SECOND),
        peak_memory_mb=user_attrs.get(PEAK_MEMORY),
        peak_gpu_memory_mb=user_attrs.get(PEAK_GPU_MEMORY),
    )


def usage_attrs(usage: Usage) -> dict[str, float]:
    """The user attributes for a trial's resource usage, without unknown values."""
    known = {
        ENV_STEPS: usage.env_steps or None,
        STEPS_PER_SECOND: usage.steps_per_second,
        PEAK_MEMORY: usage.peak_memory_mb,
        PEAK_GPU_MEMORY: usage.peak_gpu_memory_mb,
    }
    return {name: value for name, value in known.items() if value is not None}


def is_uncounted(user_attrs: Mapping[str, Any]) -> bool:
    """Whether the trial is infeasible or a copy, and so not counted; by its user attributes."""
    return any(name in user_attrs for name in UNCOUNTED)


def is_copy(user_attrs: Mapping[str, Any]) -> bool:
    """Whether the trial is a copy of another study's trial, by its user attributes."""
    return TRANSFERRED in user_attrs


def keeps_bounds(system_attrs: Mapping[str, Any]) -> bool:
    """Whether the trial satisfies Optuna's constraints, by its system attributes."""
    amounts = [amount for name, amount in system_attrs.items() if name.startswith(f"{BOUNDS}:")]
    return all(amount <= 0 for amount in (*(system_attrs.get(BOUNDS) or ()), *amounts))


def _is_of_a_float(value: object) -> bool:
    """Whether the value is an integer within the range of floats; JSON has larger integers."""
    return isinstance(value, int) and abs(value) <= _LARGEST_FLOAT
