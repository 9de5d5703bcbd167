"""Division of a machine into slots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import InputError
from fxai.pool import machine_slots, slot_on
from fxai.pool.machine import available_cores
from fxai.pool.slots import divide
from fxai.protocol import Slot

TWO_GPUS = ("GPU-a", "GPU-b")


def test_without_a_gpu_each_worker_has_its_cores():
    plan = divide(cores=8, gpus=(), n_jobs=None, cpu_per_trial=3, gpu_per_trial=1.0)
    assert plan.slots == (Slot(0, threads=3), Slot(1, threads=3))
    assert plan.notices == ()


def test_workers_are_spread_over_the_gpus():
    plan = divide(cores=8, gpus=TWO_GPUS, n_jobs=None, cpu_per_trial=1, gpu_per_trial=0.5)
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in plan.slots] == ["GPU-a", "GPU-b"] * 2
    assert {slot.device for slot in plan.slots} == {"cuda:0"}
    assert plan.notices == ()


@pytest.mark.parametrize("share", [1 / 3, 0.1, 0.7, 1.0])
def test_shares_of_a_gpu_never_exceed_it(share: float):
    plan = divide(cores=64, gpus=("GPU-a",), n_jobs=-1, cpu_per_trial=1, gpu_per_trial=share)
    assert len(plan.slots) * share <= 1 + 1e-9 < (len(plan.slots) + 1) * share


@pytest.mark.parametrize(
    ("n_jobs", "cpu", "gpus", "gpu", "workers", "words"),
    [
        (8, 1, (), 1.0, 4, "n_jobs asks for 8 workers; with 1 core each, this machine (4 cores) runs 4 workers."),
        (None, 16, (), 1.0, 1, "A trial asks for 16 cores; this machine has 4 cores, so a trial gets 4."),
        (3, 1, TWO_GPUS, 1.0, 2, "with 1 core and 1 of a GPU each, this machine (4 cores and 2 GPUs) runs 2 workers."),
        (None, 1, TWO_GPUS, 2.0, 2, "A trial asks for 2 GPUs; a trial runs on one GPU, so it gets one."),
    ],
)
def test_a_request_beyond_the_machine_is_cut_with_a_notice(  # noqa: PLR0917
    n_jobs: int | None, cpu: int, gpus: tuple[str, ...], gpu: float, workers: int, words: str
):
    plan = divide(cores=4, gpus=gpus, n_jobs=n_jobs, cpu_per_trial=cpu, gpu_per_trial=gpu)
    assert len(plan.slots) == workers
    assert len(plan.notices) == 1
    assert words in plan.notices[0]


@given(
    cores=st.integers(1, 128),
    gpus=st.integers(0, 8),
    n_jobs=st.none() | st.just(-1) | st.integers(1, 200),
    cpu=st.integers(1, 200),
    gpu=st.floats(0.05, 2.0),
)
def test_a_plan_fits_its_machine_and_has_a_notice_of_a_cut(
    cores: int, gpus: int, n_jobs: int | None, cpu: int, gpu: float
):
    names = tuple(f"GPU-{index}" for index in range(gpus))
    plan = divide(cores, names, n_jobs, cpu, gpu)
    assert plan.slots
    assert sum(slot.threads for slot in plan.slots) <= cores
    assert [slot.index for slot in plan.slots] == list(range(len(plan.slots)))
    for name in names:
        users = sum(slot.environment["CUDA_VISIBLE_DEVICES"] == name for slot in plan.slots)
        assert users * min(gpu, 1.0) <= 1 + 1e-6
    if n_jobs not in (None, -1) and len(plan.slots) != n_jobs:
        assert plan.notices


@pytest.mark.parametrize(("n_jobs", "cpu", "gpu"), [(0, 1, 1.0), (-2, 1, 1.0), (1, 0, 1.0), (1, 1, -0.5)])
def test_invalid_numbers_are_refused(n_jobs: int, cpu: int, gpu: float):
    with pytest.raises(InputError):
        divide(4, (), n_jobs, cpu, gpu)


def test_this_machine_is_used_fully():
    plan = machine_slots(gpu_per_trial=0)
    assert plan.slots == tuple(Slot(index) for index in range(available_cores()))


@pytest.mark.parametrize("device", ["1", "cuda:1"])
def test_a_training_runs_on_the_gpu_that_is_named(device: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fxai.pool.slots.available_gpus", lambda: TWO_GPUS)
    assert slot_on(device) == Slot(0, "cuda:0", 1, {"CUDA_VISIBLE_DEVICES": "GPU-b"})
    assert slot_on("cpu") == Slot(0)


@pytest.mark.parametrize("device", ["2", "gpu", "-1", ""])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(device: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fxai.pool.slots.available_gpus", lambda: TWO_GPUS)
    with pytest.raises(InputError, match=f"no device '{device}'; its devices are cpu, cuda:0, cuda:1"):
        slot_on(device)
