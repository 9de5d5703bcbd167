"""What this process may use of the machine: cores and GPUs, found out without loading torch."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

NVIDIA_SMI = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
NVIDIA_SMI_SECONDS = 20


def available_cores() -> int:
    """Cores by affinity and by the quota of the control groups (a container's limit), at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *(int(quota) for quota in core_quotas())]))


def core_quotas(membership: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> Iterator[float]:
    """The quotas, in cores, of the control groups (version 2 and 1) that this process is in."""
    try:
        groups = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in groups:
        if not controllers:
            for group in _group_and_above(root, path):
                yield from _quota(_words(group / "cpu.max"))
        elif "cpu" in controllers.split(","):
            for group in _group_and_above(root / "cpu", path):
                yield from _quota(_words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us"))


def available_gpus(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Names for `CUDA_VISIBLE_DEVICES`, one per GPU that this process may use; none without NVIDIA's driver."""
    try:
        answer = subprocess.run(NVIDIA_SMI, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    installed = tuple(line.strip() for line in answer.stdout.splitlines() if line.strip())
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    return installed if visible is None else tuple(_visible_of(visible, len(installed)))


def _visible_of(visible: str, installed: int) -> Iterator[str]:
    """The devices of a `CUDA_VISIBLE_DEVICES`; as CUDA does, up to the first that there is not."""
    for name in visible.split(","):
        device = name.strip()
        if not device or device.startswith("-") or (device.isdigit() and int(device) >= installed):
            return
        yield device


def _group_and_above(root: Path, path: str) -> Iterator[Path]:
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
