"""The names under which a study keeps what Optuna has no place for.

Metrics of a trial are user attributes under their own names, so that the dashboard can plot them; all
else of FxAI begins with `fxai:`.
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
KEY: Final = "fxai:key"  # drawn when the study began: tells it from studies of its name in other databases
TRANSFER: Final = "fxai:transfer"  # the overlay by which it took over from another
PLAN: Final = "fxai:plan"  # how it is searched since its last run, see `plan.py`
ENDED_BY: Final = "fxai:ended_by"  # the stop rule that ended it and the reason in words; None once it goes on

# of a trial
SEED: Final = "fxai:seed"  # kept, since the study's seed may change on resume
SECONDS: Final = "fxai:seconds"
DERIVED: Final = "fxai:derived"  # by name, what `tune.sample_from` made of the parameters
ENV_STEPS: Final = "fxai:env_steps"
STEPS_PER_SECOND: Final = "fxai:steps_per_second"
PEAK_MEMORY: Final = "fxai:peak_memory_mb"
PEAK_GPU_MEMORY: Final = "fxai:peak_gpu_memory_mb"
CAUSE: Final = "fxai:cause"
MESSAGE: Final = "fxai:message"
TRACEBACK: Final = "fxai:traceback"
INFEASIBLE: Final = "fxai:infeasible"  # the constraints that it breaks; it was not trained and counts for nothing
TRANSFERRED: Final = "fxai:transferred"  # study and number of the trial that this is a copy of; it counts for nothing
ENQUEUED: Final = "fxai:enqueued"  # "default" for trial 0, "spec" for those that the spec names
LINEAGE: Final = "fxai:lineage"  # of a population's member: from whose weights it went on, see `lineage.py`
ATTEMPT: Final = "fxai:attempt"  # a system attribute: runs of the trial that were lost
PUT_BACK: Final = "fxai:put back"  # a system attribute: the last run was ended in good order
COURSE: Final = "fxai:course"  # a system attribute: its reports of all of several objectives, see `courses.py`
COMPARED: Final = "fxai:compared"  # a system attribute: the step at which a population's member was last compared

BOUNDS: Final = "constraints"  # a system attribute: Optuna's own constraints, in one list or under names behind a colon

# Trials with one of these count for nothing.
UNCOUNTED: Final = (INFEASIBLE, TRANSFERRED)

# Optuna's successive halving and Hyperband mark a running trial's rungs under names of this beginning.
RUNGS: Final = "completed_rung_"


def identity_of(user_attrs: Mapping[str, Any]) -> StudyIdentity:
    """Which study this is, from its user attributes."""
    made_of = json.dumps(user_attrs[FINGERPRINT], sort_keys=True)
    return StudyIdentity(user_attrs[KEY], hashlib.sha256(made_of.encode()).hexdigest())


def metrics_of(user_attrs: Mapping[str, Any]) -> dict[str, float]:
    """A trial's metrics, from its user attributes."""
    return {
        name: float(value)
        for name, value in user_attrs.items()
        if not name.startswith(PREFIX) and (isinstance(value, float) or _is_of_a_float(value))
    }


def usage_of(user_attrs: Mapping[str, Any]) -> Usage:
    """What a trial took of the machine, from its user attributes."""
    return Usage(
        env_steps=user_attrs.get(ENV_STEPS, 0),
        steps_per_second=user_attrs.get(STEPS_PER_SECOND),
        peak_memory_mb=user_attrs.get(PEAK_MEMORY),
        peak_gpu_memory_mb=user_attrs.get(PEAK_GPU_MEMORY),
    )


def usage_attrs(usage: Usage) -> dict[str, float]:
    """The user attributes of what a trial took, as far as it is known."""
    known = {
        ENV_STEPS: usage.env_steps or None,
        STEPS_PER_SECOND: usage.steps_per_second,
        PEAK_MEMORY: usage.peak_memory_mb,
        PEAK_GPU_MEMORY: usage.peak_gpu_memory_mb,
    }
    return {name: value for name, value in known.items() if value is not None}


def is_uncounted(user_attrs: Mapping[str, Any]) -> bool:
    """Whether a trial counts for nothing, by its user attributes."""
    return any(name in user_attrs for name in UNCOUNTED)


def is_copy(user_attrs: Mapping[str, Any]) -> bool:
    """Whether a trial is an earlier study's, by its user attributes."""
    return TRANSFERRED in user_attrs


def keeps_bounds(system_attrs: Mapping[str, Any]) -> bool:
    """Whether a trial keeps Optuna's own constraints, by its system attributes."""
    amounts = [amount for name, amount in system_attrs.items() if name.startswith(f"{BOUNDS}:")]
    return all(amount <= 0 for amount in (*(system_attrs.get(BOUNDS) or ()), *amounts))


def _is_of_a_float(value: object) -> bool:
    """Whether it is a whole number within the range of floats; JSON has larger ones."""
    return isinstance(value, int) and abs(value) <= _LARGEST_FLOAT
