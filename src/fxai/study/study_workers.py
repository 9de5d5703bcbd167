"""The workers of a study: where they run, their plan and limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fxai.errors import InputError
from fxai.pool import EarlyWorkers, LocalPool, SlotPlan, WorkerPool, machine_slots
from fxai.pool.remote.link import HostSource
from fxai.pool.remote.remote_pool import RemotePool
from fxai.protocol import LanePlan
from fxai.spec.fields.engine import RAY
from fxai.spec.fields.objective import folder_of, name_of
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.study import StudySpec
from fxai.study.memory_need import check_memory
from fxai.study.ray_workers import RayPlan, ray_plan, ray_workers
from fxai.study.trial_limits import worker_limits


@dataclass(frozen=True, slots=True)
class OpenedWorkers:
    """The pool of a study's workers, and notices about it."""

    pool: WorkerPool
    notices: tuple[str, ...] = ()


def worker_slots(study: StudySpec, early: EarlyWorkers | None = None) -> SlotPlan | RayPlan:
    """The slots of the study's workers on this machine, or the Ray cluster of its workers. Starts nothing.

    Args:
        study: the study.
        early: its workers if they have started, with the slots of the machine.

    Raises:
        InputError: the study's trainings do not fit into memory, or the cluster cannot be used.
    """
    if study.engine == RAY:
        return ray_plan(study)
    if study.resources.custom:
        named = ", ".join(map(repr, study.resources.custom))
        raise InputError(
            f"resources.custom: the workers of this machine have no {named}; remove it, or use the engine ray and a "
            "cluster whose nodes have it"
        )
    return local_slots(study, None if early is None else early.plan)


def local_slots(study: StudySpec, slots: SlotPlan | None = None) -> SlotPlan:
    """The slots of the study's workers on this machine, also if its trials ran on a Ray cluster. `slots` if given.

    Raises:
        InputError: the study's trainings do not fit into memory.
    """
    slots = slots or machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial)
    return replace(slots, notices=(*slots.notices, *check_memory(study, slots)))


@contextmanager
def open_workers(
    study: StudySpec,
    slots: SlotPlan | RayPlan,
    logs: Path,
    source: HostSource | None = None,
    early: EarlyWorkers | None = None,
) -> Iterator[OpenedWorkers]:
    """Start the workers, at most one for each trial, or use those of the hosts of `source` or those of `early`."""
    plan = LanePlan(
        name_of(study.objective),
        trial_settings(study, {}),
        study.lanes_per_trial,
        study.resources.lanes_per_worker,
        study.max_running_trials,
        folder_of(study.objective),
    )
    limits = worker_limits(study)
    if isinstance(slots, RayPlan):
        with ray_workers(study, slots, plan, limits, logs) as (pool, notices):
            yield OpenedWorkers(pool, notices)
        return
    if source is not None:
        with RemotePool(source, plan, limits, logs) as remote:
            yield OpenedWorkers(remote, slots.notices)
        return
    with LocalPool(slots.slots[: study.n_trials], logs, plan, limits=limits, early=early) as local:
        yield OpenedWorkers(local, slots.notices)
