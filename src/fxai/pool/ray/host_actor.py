"""The Ray actor on a node: a host with one worker, which the driver feeds with lines and asks for lines."""

import contextlib
import os
import queue
import selectors
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from fxai.pool.ray.messages import NodeFiles
from fxai.pool.ray.node_paths import NodePaths
from fxai.pool.remote.host import WorkerHost
from fxai.pool.remote.messages import FromHost, HostFailure, encoded, to_host
from fxai.protocol import Slot
from fxai.protocol.wire import from_line

POLL_SECONDS = 10.0  # the longest call of `poll`; it returns as soon as there is a line
THREADS = 4  # calls of an actor at once: `poll`, `feed`, `end`, and one more
_TICK_SECONDS = 1.0
_SCRATCH = "fxai_ray_"  # begins the name of an actor's folder; the process id of the actor follows


class HostActor:
    """Runs the host in a thread. Ray calls the methods in other threads.

    Ray kills the process of the actor when the driver ends. The supervisor of the worker then ends the worker.
    """

    def __init__(self, cpus: int, files: bytes, *, on_gpu: bool) -> None:
        """Make the host.

        Args:
            cpus: Threads of the worker.
            files: A `NodeFiles` as a line.
            on_gpu: Whether Ray has given the actor a share of a GPU.
        """
        known = from_line(NodeFiles, files)
        self._paths = NodePaths(known, Path.cwd())
        self._paths.enter()
        remove_abandoned(Path(tempfile.gettempdir()))
        self._scratch = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}_"))
        self._fed: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._unsent: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()  # None: the host has ended
        self._ending = threading.Event()
        self._wakeups, self._wakeup = socket.socketpair()
        self._wakeups.setblocking(False)
        versions = {"FxAI": known.version}
        self._name = socket.gethostname()
        self._host = WorkerHost(
            self._name,
            (_slot(cpus, on_gpu=on_gpu),),
            self._scratch,
            versions=versions,
            own_folder=known.own_folder,
        )
        self._thread = threading.Thread(target=self._serve, name="host")
        self._thread.start()

    def join(self) -> str:
        """Name of the node, once the actor runs."""
        return self._name

    def feed(self, lines: Sequence[str]) -> None:
        """Hand the parent's lines to the host."""
        for line in lines:
            self._fed.put(line.encode())
        self._wake()

    def poll(self) -> tuple[list[str], bool]:
        """The host's lines, and whether the host has ended. Waits some seconds for the first line."""
        lines: list[str] = []
        with contextlib.suppress(queue.Empty):
            line = self._unsent.get(timeout=POLL_SECONDS)
            while line is not None:
                lines.append(line.decode())
                line = self._unsent.get_nowait()
            return lines, True
        return lines, False

    def end(self) -> None:
        """End the worker, and wait until its processes have ended."""
        self._ending.set()
        self._wake()
        self._thread.join()

    def _wake(self) -> None:
        self._wakeup.send(b".")

    def _serve(self) -> None:
        try:
            with self._host as host, selectors.DefaultSelector() as selector:
                selector.register(self._wakeups, selectors.EVENT_READ)
                selector.register(host, selectors.EVENT_READ)
                while host.ending is None and not self._ending.is_set() and self._has_data():
                    self._send()
                    deadline = host.deadline()
                    left = _TICK_SECONDS if deadline is None else min(deadline - time.monotonic(), _TICK_SECONDS)
                    selector.select(max(left, 0.0))
                    self._receive()
                self._send()
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._unsent.put(None)

    def _has_data(self) -> bool:
        """Whether the node has the data of the trials. Without them the host ends with a message."""
        missing = self._paths.missing
        if missing:
            message = (
                f"The node {self._name} has no {missing[0]}, and it is too large to be sent: put it under this path on "
                "each node, or into a folder that all nodes share"
            )
            self._put(HostFailure(message, wrong_input=True))
        return not missing

    def _send(self) -> None:
        for message in self._host.messages():
            self._put(message)

    def _put(self, message: FromHost) -> None:
        self._unsent.put(encoded(message).rstrip(b"\n"))

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wakeups.recv(4096)
        with contextlib.suppress(queue.Empty):
            while True:
                self._host.receive(self._paths.moved(to_host(self._fed.get_nowait())))


def remove_abandoned(folder: Path) -> None:
    """Delete the folders of actors that were killed."""
    for path in folder.glob(f"{_SCRATCH}*"):
        pid = path.name.removeprefix(_SCRATCH).partition("_")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def _slot(cpus: int, *, on_gpu: bool) -> Slot:
    """The slot of the worker, on the devices that Ray has chosen for the actor."""
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not on_gpu or not devices:
        return Slot(0, threads=cpus)
    return Slot(0, "cuda:0", cpus, {"CUDA_VISIBLE_DEVICES": devices})
