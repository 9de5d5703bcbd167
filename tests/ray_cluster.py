"""A Ray cluster of several nodes on this machine, for tests."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

import fxai
from child_process import ChildProcess
from fxai.pool import Limits
from fxai.pool.ray.messages import NodeFiles, StartRay, WorkerDemand
from fxai.pool.ray.ray_hosts import RayHosts, RayLink
from fxai.pool.remote.messages import FolderProbe
from fxai.pool.remote.remote_pool import RemotePool
from fxai.protocol import LanePlan

_ENVIRONMENT = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 32, "RAY_USAGE_STATS_ENABLED": "0"}
_STORE_BYTES = 80_000_000


class SmallCluster:
    """A head and further nodes. The nodes of tests have resources of their own, so that tests do not share them."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self.address: str = cluster.address

    @contextmanager
    def node(self, cpus: int, *, gpus: int = 0, **resources: float) -> Iterator[Callable[..., None]]:
        """A further node. Yields a function that kills all its processes, or all but those of its workers."""
        node = self._cluster.add_node(
            num_cpus=cpus, num_gpus=gpus, resources=resources, object_store_memory=_STORE_BYTES
        )
        alive = True

        def kill(*, workers: bool = True) -> None:
            nonlocal alive
            alive = False
            (raylet,) = node.all_processes["raylet"]
            for process in psutil.Process(raylet.process.pid).children(recursive=True) if workers else ():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._cluster.remove_node(node, allow_graceful=False)

        yield kill
        if alive:
            self._cluster.remove_node(node)
        self._cluster.wait_for_nodes()  # the other tests find the nodes that they expect


@contextmanager
def open_cluster() -> Iterator[str]:
    """The address of a cluster without authentication, in a process of its own: Ray reads the mode once a process."""
    code = "import ray_cluster as r\nwith r.small_cluster('disabled') as c: print('at', c.address, flush=True); input()"
    with ChildProcess(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield next(line.split()[1] for line in process.stdout if line.startswith("at "))
        process.stdin.write("\n")
        process.stdin.flush()


@contextmanager
def small_cluster(mode: str = "token") -> Iterator[SmallCluster]:
    """A cluster with two CPUs on its head. `mode` is that of its authentication."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**_ENVIRONMENT, "RAY_AUTH_MODE": mode}.items():
            patch.setenv(name, value)
        from ray._private.authentication_test_utils import reset_auth_token_state  # noqa: PLC0415 - takes a second
        from ray.cluster_utils import Cluster  # noqa: PLC0415

        reset_auth_token_state()  # another test may have imported Ray, which reads the variables then
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": _STORE_BYTES})
        yield SmallCluster(cluster)
        cluster.shutdown()


def node_files(folder: Path, *, own_folder: bool = False) -> NodeFiles:
    """No files of the user, on nodes that share the parent's folders, or all but the study's folder."""
    probe = FolderProbe(folder / "probe", "the same machine")
    probe.file.write_text(probe.content)
    return NodeFiles(Path(fxai.__file__).parent, fxai.__version__, Path.cwd(), probe, own_folder=own_folder)


class KeptHosts:
    """A `HostSource` that stays connected when a pool closes it, since a connection takes seconds."""

    def __init__(self, hosts: RayHosts) -> None:
        self._hosts = hosts

    def open(self, demand: WorkerDemand) -> None:
        self._hosts.open(demand)

    def links(self) -> Sequence[RayLink]:
        return self._hosts.links()

    def wait(self, timeout: float) -> None:
        self._hosts.wait(timeout)

    def close(self) -> None:
        self._hosts.open(WorkerDemand(cpus=1, gpu_share=0.0, most=0))


@contextmanager
def kept_hosts(address: str, folder: Path, *, own_folder: bool = False) -> Iterator[KeptHosts]:
    """A connection to a cluster for several pools, one after the other."""
    hosts = RayHosts(StartRay(address, {}, node_files(folder, own_folder=own_folder)), folder / "ray.log")
    yield KeptHosts(hosts)
    hosts.close()


def ray_pool(
    hosts: KeptHosts, logs: Path, plan: LanePlan | None = None, *, workers: int = 2, **custom: float
) -> RemotePool:
    """A pool of workers on the cluster, all of which are ready. `custom` are resources that each takes."""
    hosts.open(WorkerDemand(cpus=1, gpu_share=0.0, custom=custom, workers=workers, most=workers))
    pool = RemotePool(hosts, plan, Limits(), logs)
    while len(pool.activity()) < workers:
        pool.events(1.0)
    return pool
