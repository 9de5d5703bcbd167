"""Workers on a Ray cluster whose nodes come and go, and the end of the parent."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from child_process import ChildProcess
from drive_workers import PATIENCE, events_until, request_for, result_of, results_of
from fxai.errors import FxaiError, InputError
from fxai.pool import Limits, WorkerLost
from fxai.pool.ray.messages import ShippedPath, StartRay, WorkerDemand
from fxai.pool.ray.ray_hosts import RayHosts
from fxai.pool.remote.messages import FolderProbe
from fxai.pool.remote.remote_pool import RemotePool
from fxai.protocol import Cause, Report, TrialPaths, TrialState
from ray_cluster import KeptHosts, SmallCluster, node_files, ray_pool
from worker_process import words_of

PARENT = Path(__file__).parents[2] / "parent_of_ray_workers.py"


def on_far_node(workers: int = 1) -> WorkerDemand:
    return WorkerDemand(cpus=1, gpu_share=0.0, custom={"far": 1.0}, workers=workers, most=workers)


def wait_for_slot(pool: RemotePool) -> None:
    while not pool.free_slots:
        pool.events(1.0)


def test_the_loss_of_a_node_is_the_loss_of_its_workers_and_another_node_takes_their_place(
    ray_cluster: SmallCluster, ray_hosts: KeptHosts, tmp_path: Path
) -> None:
    ray_hosts.open(on_far_node())
    with RemotePool(ray_hosts, None, Limits(), tmp_path / "logs") as pool:
        pool.events(0.5)
        assert pool.free_slots == 0, "the worker waits for a node with its resources"
        with ray_cluster.node(1, far=1.0) as kill:
            wait_for_slot(pool)
            pool.submit(request_for("counts", 3, tmp_path))
            report = events_until(pool, lambda event: isinstance(event, Report))[-1]
            assert isinstance(report, Report)
            worker = psutil.Process(int(report.metrics["pid"]))
            kill(workers=False)
            lost = events_until(pool, lambda event: isinstance(event, WorkerLost))[-1]
        assert isinstance(lost, WorkerLost)
        assert (lost.trials, lost.cause) == ((3,), Cause.WORKER_LOST)
        assert "Ray has lost it (Actor" in lost.message
        assert psutil.wait_procs([worker], timeout=PATIENCE)[1] == [], "the trial could run twice"
        assert pool.free_slots == 0
        with ray_cluster.node(1, far=1.0):
            wait_for_slot(pool)
            assert result_of(pool, request_for("counts", 3, tmp_path)).state is TrialState.COMPLETE


def test_a_worker_that_dies_is_replaced_on_its_node(ray_hosts: KeptHosts, tmp_path: Path) -> None:
    with ray_pool(ray_hosts, tmp_path / "logs", workers=1) as pool:
        pool.submit(request_for("kills_itself", 1, tmp_path))
        lost = events_until(pool, lambda event: isinstance(event, WorkerLost))[-1]
        assert isinstance(lost, WorkerLost)
        assert (lost.trials, lost.host) == ((1,), "")
        assert result_of(pool, request_for("counts", 2, tmp_path)).state is TrialState.COMPLETE


def test_sigterm_does_not_end_the_driver(ray_hosts: KeptHosts, tmp_path: Path) -> None:
    """Slurm sends it to all processes of a job before the job's end; the run then still receives what was trained."""
    processes = psutil.Process().children(recursive=True)
    drivers = [each for each in processes if "fxai.pool.ray.driver" in words_of(each)]
    (driver,) = [each for each in drivers if each.ppid() != os.getpid()]  # the other one is its supervisor
    with ray_pool(ray_hosts, tmp_path / "logs", workers=1) as pool:
        driver.terminate()
        assert result_of(pool, request_for("counts", 1, tmp_path)).state is TrialState.COMPLETE


@pytest.mark.parametrize("starts_ray", [False, True])
def test_a_parent_that_is_killed_leaves_no_worker(
    ray_cluster: SmallCluster, tmp_path: Path, *, starts_ray: bool
) -> None:
    arguments = [sys.executable, str(PARENT), str(tmp_path), "" if starts_ray else ray_cluster.address]
    with ChildProcess(arguments, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        process_tree = [worker, *worker.parents()[:2], *psutil.Process(parent.pid).children(recursive=True)]
        own = [process for process in process_tree if process.pid != parent.pid and "raylet" not in process.name()]
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(own if not starts_ray else process_tree, timeout=PATIENCE)
    assert alive == []


def test_workers_see_the_devices_that_ray_has_chosen(
    ray_cluster: SmallCluster, ray_hosts: KeptHosts, tmp_path: Path
) -> None:
    """Ray trusts the number of GPUs that a node declares."""
    with ray_cluster.node(3, gpus=2, far=3.0):
        ray_hosts.open(WorkerDemand(cpus=1, gpu_share=1.0, custom={"far": 1.0}, workers=2, most=2))
        with RemotePool(ray_hosts, None, Limits(), tmp_path / "logs") as pool:
            while len(pool.activity()) < 2:
                pool.events(1.0)
            assert {each.device.partition(" ")[0] for each in pool.activity()} == {"cuda:0"}
            for number in range(2):
                pool.submit(request_for("prints_environment", number, tmp_path))
            results_of(pool, 2)
    seen = [TrialPaths.of(tmp_path, number).log.read_text() for number in range(2)]
    assert sorted(text.split()[1] for text in seen) == ["'0'", "'1'"]


CODE = """
from fxai.protocol import Outcome, Report
from fxai.spec.fields.environment import expanded_path

def train(request, slot):
    yield Report(request.number, 1, 0.0)
    return Outcome(float(expanded_path("/parent/bars.csv").read_text()))
"""


def test_a_node_without_the_parents_folders_runs_copies_of_code_and_data(
    ray_cluster: SmallCluster, tmp_path: Path
) -> None:
    for name, text in (("code_0/sent_code.py", CODE), ("data_0/bars.csv", "0.75")):
        (tmp_path / "copies" / name).parent.mkdir(parents=True)
        (tmp_path / "copies" / name).write_text(text)
    shipped = (ShippedPath("/parent/code", "code_0"), ShippedPath("/parent/bars.csv", "data_0/bars.csv"))
    elsewhere = FolderProbe(tmp_path / "no such file", "")
    files = replace(node_files(tmp_path), probe=elsewhere, working_dir=tmp_path / "copies", shipped=shipped)
    request = replace(request_for("sent_code:train", 1, tmp_path), folder="/parent/code")

    hosts = RayHosts(
        StartRay(ray_cluster.address, {}, replace(files, needed=("/parent/bars.csv",))), tmp_path / "ray.log"
    )
    hosts.open(WorkerDemand(cpus=1, gpu_share=0.0, workers=1, most=1))
    with RemotePool(hosts, None, Limits(), tmp_path / "logs") as pool:
        wait_for_slot(pool)
        assert result_of(pool, request).value == 0.75

    hosts = RayHosts(StartRay(ray_cluster.address, {}, replace(files, needed=("/more.csv",))), tmp_path / "ray.log")
    hosts.open(WorkerDemand(cpus=1, gpu_share=0.0, workers=1, most=1))
    with (
        RemotePool(hosts, None, Limits(), tmp_path / "logs") as pool,
        pytest.raises(InputError, match=r"The node \S+ has no /more\.csv.* on each node"),
    ):
        wait_for_slot(pool)


def test_ray_that_does_not_start_is_an_error_with_its_log(tmp_path: Path) -> None:
    start = StartRay(None, {"num_cpus": 1, "object_store_memory": 1}, node_files(tmp_path))
    with pytest.raises(FxaiError, match=r"object store.*ray\.log"):
        RayHosts(start, tmp_path / "ray.log")
