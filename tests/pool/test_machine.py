"""What the machine has, by what the system says."""

import os
from pathlib import Path

import pytest

from fxai.pool.machine import available_cores, available_gpus, core_quotas


def test_affinity_bounds_the_cores():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


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


def test_no_control_groups_no_quota(tmp_path: Path):
    assert list(core_quotas(tmp_path / "absent", tmp_path)) == []


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
def test_gpus_are_those_of_the_driver_that_are_visible(
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
