"""Cores, memory and GPUs of the machine, from the interfaces of the system."""

import os
from pathlib import Path

import psutil
import pytest

from fxai.pool.machine import available_cores, available_gpus, available_memory, core_quotas, gpu_memory, memory_quotas


def test_affinity_bounds_the_cores():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_job_of_slurm_bounds_the_cores() -> None:
    assert available_cores({"SLURM_CPUS_ON_NODE": "1"}) == 1
    assert available_cores({"SLURM_CPUS_ON_NODE": "100000"}) == available_cores({})
    assert available_cores({"SLURM_CPUS_ON_NODE": "many"}) == available_cores({})


def test_a_container_quota_of_version_2_is_found_at_every_level(tmp_path: Path):
    group = tmp_path / "pod" / "container"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text("max 100000\n")
    (tmp_path / "pod" / "cpu.max").write_text("250000 100000\n")
    membership = tmp_path / "cgroup"
    membership.write_text("0::/pod/container\n")
    assert list(core_quotas(membership, tmp_path)) == [2.5]


def test_a_container_quota_of_version_1_is_found(tmp_path: Path):
    group = tmp_path / "cpu" / "container"
    group.mkdir(parents=True)
    (group / "cpu.cfs_quota_us").write_text("150000\n")
    (group / "cpu.cfs_period_us").write_text("100000\n")
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    membership = tmp_path / "cgroup"
    membership.write_text("5:memory:/container\n4:cpu,cpuacct:/container\n")
    assert list(core_quotas(membership, tmp_path)) == [1.5]


def test_without_control_groups_there_is_no_quota(tmp_path: Path):
    assert list(core_quotas(tmp_path / "absent", tmp_path)) == []
    assert list(memory_quotas(tmp_path / "absent", tmp_path)) == []


def test_memory_is_at_most_that_of_the_machine():
    assert 0 < available_memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("group", "name", "membership"),
    [("pod", "memory.max", "0::/pod/container\n"), ("memory", "memory.limit_in_bytes", "5:memory:/container\n")],
)
def test_memory_limits_of_a_container_are_found_at_every_level(tmp_path: Path, group: str, name: str, membership: str):
    inner = tmp_path / group / "container"
    inner.mkdir(parents=True)
    (inner / name).write_text("2000000000\n")
    (tmp_path / group / name).write_text("max\n")
    (tmp_path / name).write_text("8000000000\n")
    (tmp_path / "cgroup").write_text(membership)
    assert next(iter(memory_quotas(tmp_path / "cgroup", tmp_path))) == 2_000_000_000


@pytest.mark.parametrize(("answer", "size"), [("81559\n24576\n", 24576 << 20), ("[N/A]\n", None), ("", None)])
def test_gpu_memory_is_that_of_the_smallest_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, size: int | None
):
    driver = tmp_path / "nvidia-smi"
    driver.write_text(f"#!/bin/sh\nprintf '{answer.encode('unicode_escape').decode()}'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert gpu_memory() == size


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        (None, ("GPU-a", "GPU-b")),
        ("1", ("1",)),
        ("GPU-b, GPU-a", ("GPU-b", "GPU-a")),
        ("0,5,1", ("0",)),
        ("", ()),
        ("-1", ()),
    ],
)
def test_gpus_are_the_visible_ones_of_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, gpus: tuple[str, ...]
):
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho GPU-a\necho GPU-b\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert available_gpus({} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}) == gpus


def test_without_a_driver_there_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert available_gpus({"CUDA_VISIBLE_DEVICES": "0"}) == ()
