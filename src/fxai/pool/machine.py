"""Cores, memory and GPUs of the machine that this process may use, found without loading torch.

`loky.cpu_count` (loky 3.7) reads the quota of the uppermost control group only, and rounds it up. It misses the quota
of a nested group; systemd, and containers without a control group namespace, set quotas of nested groups.
tests/pool/test_machine.py, `test_a_container_quota_of_version_2_is_found_at_every_level`.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

NVIDIA_SMI = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
NVIDIA_SMI_MEMORY = ("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits")
_MIB = 1 << 20
NVIDIA_SMI_SECONDS = 20


def available_cores(environment: Mapping[str, str] = os.environ) -> int:
    """Number of cores of this process, at least one.

    It is the least of the affinity, the quotas of the control groups (a container's limit) and the number of cores
    that Slurm has given to the job on this node. Slurm sets no affinity if it has no plugin for it.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    slurm = environment.get("SLURM_CPUS_ON_NODE", "")
    if slurm.isdecimal():
        cores = min(cores, int(slurm))
    return max(1, min([cores, *(int(quota) for quota in core_quotas())]))


def core_quotas(membership: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> Iterator[float]:
    """The CPU quotas, in cores, of the control groups (version 2 and 1) that this process is in."""
    for controllers, path in _memberships(membership):
        if not controllers:
            for group in _group_and_above(root, path):
                yield from _quota(_words(group / "cpu.max"))
        elif "cpu" in controllers:
            for group in _group_and_above(root / "cpu", path):
                yield from _quota(_words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us"))


def available_memory() -> int:
    """Bytes of RAM, or the smallest memory limit of the control groups if that is less."""
    return min([psutil.virtual_memory().total, *memory_quotas()])


def memory_quotas(membership: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """The memory limits, in bytes, of the control groups (version 2 and 1) that this process is in."""
    for controllers, path in _memberships(membership):
        if not controllers:
            files = [group / "memory.max" for group in _group_and_above(root, path)]
        elif "memory" in controllers:
            files = [group / "memory.limit_in_bytes" for group in _group_and_above(root / "memory", path)]
        else:
            continue
        yield from (int(word) for file in files for word in _words(file) if word.isdigit())  # otherwise "max"


def gpu_memory() -> int | None:
    """Memory of the smallest GPU of this machine in bytes. None without NVIDIA's driver."""
    sizes = [int(size) for size in _output_lines(NVIDIA_SMI_MEMORY) if size.isdigit()]
    return min(sizes) * _MIB if sizes else None


def available_gpus(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Names for `CUDA_VISIBLE_DEVICES`, one per GPU that this process may use. Empty without NVIDIA's driver."""
    installed = _output_lines(NVIDIA_SMI)
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    return installed if visible is None else tuple(_visible_of(visible, len(installed)))


def _output_lines(command: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that a command of NVIDIA's driver prints. Empty if it is not installed or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())


def _visible_of(visible: str, installed: int) -> Iterator[str]:
    """The devices in a value of `CUDA_VISIBLE_DEVICES`, up to the first that does not exist, as CUDA reads them."""
    for name in visible.split(","):
        device = name.strip()
        if not device or device.startswith("-") or (device.isdigit() and int(device) >= installed):
            return
        yield device


def _memberships(file: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Controllers and path of each control group of a process. A group of version 2 has no controllers here."""
    try:
        groups = [line.split(":", 2) for line in file.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in groups:
        yield tuple(controllers.split(",")) if controllers else (), path


def _group_and_above(root: Path, path: str) -> Iterator[Path]:
    """The folders of a control group and of its ancestors up to `root`."""
    group = root / path.lstrip("/")
    yield group
    while group != root:
        group = group.parent
        yield group


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _quota(words: list[str]) -> Iterator[float]:
    match words:
        case [quota, period] if quota.isdigit() and int(period) > 0:  # otherwise "max" or "-1": no limit
            yield int(quota) / int(period)
