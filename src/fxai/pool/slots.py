"""How the machine is divided among the workers."""

from collections.abc import Sequence
from dataclasses import dataclass

from fxai.errors import InputError
from fxai.pool.machine import available_cores, available_gpus
from fxai.protocol import Slot


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """The workers' slots, and in words what was asked for and is not there."""

    slots: tuple[Slot, ...]
    notices: tuple[str, ...] = ()


def machine_slots(n_jobs: int | None = None, cpu_per_trial: int = 1, gpu_per_trial: float = 1.0) -> SlotPlan:
    """Slots for this machine: as many as it carries, or `n_jobs` of them.

    Without a GPU, or with `gpu_per_trial=0`, each worker has `cpu_per_trial` cores; with GPUs each has
    that share of one. `n_jobs` None or -1 uses the machine fully. An `InputError` for numbers that mean
    nothing; more than the machine has is cut, with a notice.
    """
    gpus = available_gpus() if gpu_per_trial else ()
    return divide(available_cores(), gpus, n_jobs, cpu_per_trial, gpu_per_trial)


def divide(cores: int, gpus: Sequence[str], n_jobs: int | None, cpu_per_trial: int, gpu_per_trial: float) -> SlotPlan:
    """Slots on a machine of so many cores and these GPUs; see `machine_slots`."""
    _check(n_jobs, cpu_per_trial, gpu_per_trial)
    threads = min(cpu_per_trial, cores)
    share = min(gpu_per_trial, 1.0)
    most = cores // threads
    if gpus:
        most = min(most, len(gpus) * int(1 / share + 1e-9))
    wanted = most if n_jobs is None or n_jobs == -1 else n_jobs
    notices = []
    if threads < cpu_per_trial:
        has = _count(cores, "core")
        notices.append(f"A trial asks for {cpu_per_trial} cores; this machine has {has}, so it gets {threads}.")
    if gpus and share < gpu_per_trial:
        notices.append(f"A trial asks for {gpu_per_trial:g} GPUs; a trial runs on one, so it gets one.")
    if wanted > most:
        machine = _count(cores, "core") + (f" and {_count(len(gpus), 'GPU')}" if gpus else "")
        each = _count(threads, "core") + (f" and {share:g} of a GPU" if gpus else "")
        notices.append(f"{wanted} workers asked for; at {each} each, this machine ({machine}) carries {most}.")
    slots = tuple(_slot(index, gpus, threads) for index in range(min(wanted, most)))
    return SlotPlan(slots, tuple(notices))


def _slot(index: int, gpus: Sequence[str], threads: int) -> Slot:
    if not gpus:
        return Slot(index, threads=threads)
    return Slot(index, "cuda:0", threads, {"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]})


def _check(n_jobs: int | None, cpu_per_trial: int, gpu_per_trial: float) -> None:
    if n_jobs is not None and n_jobs != -1 and n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs}; give a number of workers from 1 on, or -1 for as many as fit.")
    if cpu_per_trial < 1:
        raise InputError(f"A trial asks for {cpu_per_trial} cores; it needs at least 1.")
    if not gpu_per_trial >= 0:
        raise InputError(f"gpu_per_trial is {gpu_per_trial}; give a share of a GPU from 0 (none) to 1.")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
