"""Starts the workers of a study before the modules load that read its bars and open its database."""

from collections.abc import Iterator
from contextlib import contextmanager

from fxai.pool.early_workers import EarlyWorkers
from fxai.pool.slots import machine_slots
from fxai.spec.fields.engine import RAY
from fxai.spec.fields.objective import name_of
from fxai.spec.search.study import StudySpec


@contextmanager
def early_workers(study: StudySpec) -> Iterator[EarlyWorkers | None]:
    """The started workers of a study, for `search_study`. None if its workers are not processes of this machine.

    The workers write nothing until the study is open. Those that the study does not take end at the end of the block.
    """
    if study.engine == RAY or study.resources.custom:
        yield None
        return
    plan = machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial)
    with EarlyWorkers(plan, plan.slots[: study.n_trials], name_of(study.objective)) as started:
        yield started
