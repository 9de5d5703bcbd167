"""The workers of a study: their slots, plan and limits."""

from dataclasses import replace
from pathlib import Path

from fxai.pool import LocalPool, SlotPlan, machine_slots
from fxai.protocol import LanePlan
from fxai.spec.fields.objective import folder_of, name_of
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.study import StudySpec
from fxai.study.memory_need import check_memory
from fxai.study.trial_limits import worker_limits


def worker_slots(study: StudySpec) -> SlotPlan:
    """The slots of the study's workers on this machine.

    Raises:
        InputError: the study's trainings do not fit into memory.
    """
    slots = machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial)
    return replace(slots, notices=(*slots.notices, *check_memory(study, slots)))


def open_workers(study: StudySpec, slots: SlotPlan, logs: Path) -> LocalPool:
    """Start the workers, at most one for each trial."""
    plan = LanePlan(
        name_of(study.objective),
        trial_settings(study, {}),
        study.lanes_per_trial,
        study.resources.lanes_per_worker,
        study.max_running_trials,
        folder_of(study.objective),
    )
    return LocalPool(slots.slots[: study.n_trials], logs, plan, limits=worker_limits(study))
