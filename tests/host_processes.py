"""Starts processes that are hosts of a study's workers, connected to this process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from drive_workers import PATIENCE
from fxai.pool import Limits, WorkerEvent
from fxai.pool.remote.handshake import new_token
from fxai.pool.remote.line_stream import KeepAlive
from fxai.pool.remote.remote_pool import RemotePool
from fxai.pool.remote.socket_source import SocketSource
from fxai.pool.remote.tcp_source import TcpSource
from fxai.protocol import LanePlan

PROGRAM = Path(__file__).parent / "worker_host.py"
NO_LIMITS = Limits()
OWN_FOLDER = {"HOST_OWN_FOLDER": "1"}
"""Environment of hosts that do not use the study's folder."""
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Hosts:
    """Host processes of a source. They are killed when the block ends, if they have not ended."""

    def __init__(self, folder: Path, environment: Mapping[str, str], limit: float) -> None:
        self.source = SocketSource(KeepAlive(0.2, limit))
        self._folder = folder
        self._environment = environment
        self.processes: list[subprocess.Popen[str]] = []
        self._strangers: list[socket.socket] = []

    def join(self, name: str, workers: int = 1, environment: Mapping[str, str] = NO_VARIABLES) -> subprocess.Popen[str]:
        """Start a host with this name and number of workers, over a socket pair."""
        near, far = socket.socketpair()
        with far:
            process = self.start(name, workers, far.fileno(), environment, [far.fileno()])
        self.source.add(near, f"address of {name}")
        return process

    def start(
        self,
        name: str,
        workers: int,
        channel: int,
        environment: Mapping[str, str] = NO_VARIABLES,
        descriptors: Sequence[int] = (),
    ) -> subprocess.Popen[str]:
        """Start a host that uses this port or inherited descriptor."""
        process = subprocess.Popen(
            [sys.executable, PROGRAM, name, str(workers), str(self._folder / name), str(channel)],
            pass_fds=descriptors,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self._environment, **environment},
        )
        self.processes.append(process)
        return process

    def add_stranger(self, data: bytes) -> None:
        """Connect a peer that sends these bytes and nothing else."""
        near, far = socket.socketpair()
        far.sendall(data)
        self._strangers.append(far)
        self.source.add(near, f"stranger {len(self._strangers)}")

    def end(self) -> None:
        for stranger in self._strangers:
            stranger.close()
        for process in self.processes:
            process.kill()
            process.communicate()


class TcpHosts(Hosts):
    """Host processes that connect over TCP."""

    def __init__(self, folder: Path, environment: Mapping[str, str], limit: float) -> None:
        super().__init__(folder, environment, limit)
        self.source.close()
        self.token = new_token()
        self.tcp = TcpSource(self.token, keep_alive=KeepAlive(0.2, limit))

    def join(self, name: str, workers: int = 1, environment: Mapping[str, str] = NO_VARIABLES) -> subprocess.Popen[str]:
        return self.start(name, workers, self.tcp.address[1], {"HOST_TOKEN": self.token, **environment})


@contextmanager
def remote_workers(
    folder: Path,
    plan: LanePlan | None = None,
    limits: Limits = NO_LIMITS,
    *,
    limit: float = PATIENCE,
    environment: Mapping[str, str] = NO_VARIABLES,
) -> Iterator[tuple[RemotePool, Hosts]]:
    """A pool without hosts, and the hosts that may join it. A silent host is lost after `limit` seconds."""
    hosts = Hosts(folder / "hosts", environment, limit)
    try:
        with RemotePool(hosts.source, plan, limits, folder / "logs") as workers:
            yield workers, hosts
    finally:
        hosts.end()


@contextmanager
def tcp_workers(
    folder: Path,
    count: int = 0,
    plan: LanePlan | None = None,
    *,
    limit: float = PATIENCE,
    environment: Mapping[str, str] = NO_VARIABLES,
) -> Iterator[tuple[RemotePool, TcpHosts]]:
    """A pool with so many hosts of one worker each, which are connected over TCP."""
    hosts = TcpHosts(folder / "hosts", environment, limit)
    try:
        with RemotePool(hosts.tcp, plan, NO_LIMITS, folder / "logs") as workers:
            for index in range(count):
                hosts.join(f"host-{index}")
            wait_for_workers(workers, count)
            yield workers, hosts
    finally:
        hosts.end()


def wait_for_workers(workers: RemotePool, count: int) -> list[WorkerEvent]:
    """Wait until the pool has that many workers. Returns the events until then."""
    until = time.monotonic() + PATIENCE
    seen: list[WorkerEvent] = []
    while len(workers.activity()) != count:
        assert time.monotonic() < until, f"no {count} workers within {PATIENCE} s; seen: {seen}"
        seen += workers.events(0.1)
    return seen
