"""Starts processes that are hosts of a study's workers, connected to this process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from drive_workers import PATIENCE
from fxai.pool import Limits, WorkerEvent
from fxai.pool.remote.line_stream import KeepAlive
from fxai.pool.remote.remote_pool import RemotePool
from fxai.pool.remote.socket_source import SocketSource
from fxai.protocol import LanePlan

PROGRAM = Path(__file__).parent / "worker_host.py"
NO_LIMITS = Limits()
OWN_FOLDER = {"HOST_OWN_FOLDER": "1"}
"""Environment of hosts that do not use the study's folder."""
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Hosts:
    """Host processes that join a source. They are killed when the block ends, if they have not ended."""

    def __init__(self, source: SocketSource, folder: Path, environment: Mapping[str, str]) -> None:
        self.source = source
        self._environment = environment
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self._folder = folder
        self._strangers: list[socket.socket] = []

    def join(self, name: str, workers: int = 1, environment: Mapping[str, str] = NO_VARIABLES) -> subprocess.Popen[str]:
        """Start a host with this name and number of workers."""
        near, far = socket.socketpair()
        with far:
            arguments = [str(far.fileno()), name, str(workers), str(self._folder / name)]
            process = subprocess.Popen(
                [sys.executable, PROGRAM, *arguments],
                pass_fds=[far.fileno()],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **self._environment, **environment},
            )
        self.processes[name] = process
        self.source.add(near, f"address of {name}")
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
        for process in self.processes.values():
            process.kill()
            process.communicate()


@contextmanager
def remote_workers(
    folder: Path,
    plan: LanePlan | None = None,
    limits: Limits = NO_LIMITS,
    *,
    limit: float = 5.0,
    environment: Mapping[str, str] = NO_VARIABLES,
) -> Iterator[tuple[RemotePool, Hosts]]:
    """A pool without hosts, and the hosts that may join it. A silent host is lost after `limit` seconds."""
    hosts = Hosts(SocketSource(KeepAlive(0.2, limit)), folder / "hosts", environment)
    try:
        with RemotePool(hosts.source, plan, limits, folder / "logs") as workers:
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
