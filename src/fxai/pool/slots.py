"""Divides the cores and GPUs of the machine among the workers."""

from collections.abc import Sequence
from dataclasses import dataclass

from fxai.errors import InputError
from fxai.pool.machine import available_cores, available_gpus
from fxai.protocol import Slot


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """The workers' slots, and a notice for each request that exceeds the machine."""

    slots: tuple[Slot, ...]
    notices: tuple[str, ...] = ()


def machine_slots(n_jobs: int | None = None, cpu_per_trial: int = 1, gpu_per_trial: float = 1.0) -> SlotPlan:
    """The slots of this machine. A request that exceeds the machine is reduced, with a notice.

    Args:
        n_jobs: number of workers; None or -1 for as many as fit.
        cpu_per_trial: cores of each worker.
        gpu_per_trial: share of a GPU that each worker has. 0 trains on the CPU, as does a machine without a GPU.

    Raises:
        InputError: a number is out of range.
    """
    gpus = available_gpus() if gpu_per_trial else ()
    return divide(available_cores(), gpus, n_jobs, cpu_per_trial, gpu_per_trial)


def slot_on(device: str) -> Slot:
    """The slot of one worker with one core on a device: `cpu`, or a GPU by its number, as `1` or `cuda:1`.

    Raises:
        InputError: the machine has no such device.
    """
    number = device.removeprefix("cuda:")
    if number == "cpu":
        return Slot(0)
    gpus = available_gpus()
    if not number.isdecimal() or int(number) >= len(gpus):
        known = ", ".join(["cpu", *(f"cuda:{place}" for place in range(len(gpus)))])
        raise InputError(f"this machine has no device {device!r}; its devices are {known}")
    return _slot(0, gpus[int(number) :], 1)


def divide(cores: int, gpus: Sequence[str], n_jobs: int | None, cpu_per_trial: int, gpu_per_trial: float) -> SlotPlan:
    """The slots of a machine with `cores` cores and the GPUs `gpus`; see `machine_slots`."""
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
        notices.append(f"A trial asks for {cpu_per_trial} cores; this machine has {has}, so a trial gets {threads}.")
    if gpus and share < gpu_per_trial:
        notices.append(f"A trial asks for {gpu_per_trial:g} GPUs; a trial runs on one GPU, so it gets one.")
    if wanted > most:
        machine = _count(cores, "core") + (f" and {_count(len(gpus), 'GPU')}" if gpus else "")
        each = _count(threads, "core") + (f" and {share:g} of a GPU" if gpus else "")
        workers = _count(most, "worker")
        notices.append(f"n_jobs asks for {wanted} workers; with {each} each, this machine ({machine}) runs {workers}.")
    slots = tuple(_slot(index, gpus, threads) for index in range(min(wanted, most)))
    return SlotPlan(slots, tuple(notices))


def _slot(index: int, gpus: Sequence[str], threads: int) -> Slot:
    if not gpus:
        return Slot(index, threads=threads)
    return Slot(index, "cuda:0", threads, {"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]})


def _check(n_jobs: int | None, cpu_per_trial: int, gpu_per_trial: float) -> None:
    if n_jobs is not None and n_jobs != -1 and n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs}; give a number of workers of at least 1, or -1 for as many as fit.")
    if cpu_per_trial < 1:
        raise InputError(f"A trial asks for {cpu_per_trial} cores; it needs at least 1.")
    if not gpu_per_trial >= 0:
        raise InputError(f"gpu_per_trial is {gpu_per_trial}; give a share of a GPU from 0 (none) to 1.")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
