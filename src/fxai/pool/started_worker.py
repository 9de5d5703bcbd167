"""A worker process that has started and waits for its welcome, in the parent."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Mapping

from fxai.process_tree import KILL_SECONDS
from fxai.protocol import Slot
from fxai.protocol.wire import to_line
from fxai.protocol.worker_messages import WorkerStart
from fxai.supervisor import GRACE_SECONDS, TRACEBACK_SECONDS, start_supervisor

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_MALLOC = {
    # glibc returns large freed blocks to the kernel at once, and the kernel zeroes their pages when they are allocated
    # again. A training frees and allocates the same blocks thousands of times a second. Its steps are a tenth faster
    # if glibc keeps the blocks.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
}
_WORKER = "fxai.worker.main"
END_SECONDS = 2 * (TRACEBACK_SECONDS + GRACE_SECONDS + KILL_SECONDS)


class StartedWorker:
    """A supervisor and its worker, which imports what the trials of its objective need and waits for its welcome.

    `WorkerProcess` welcomes it. Until then it writes no file.
    """

    def __init__(self, slot: Slot, objective: str) -> None:
        """Start the supervisor, which starts the worker.

        Args:
            slot: the worker's device, threads and environment.
            objective: the objective of the worker's trials. Empty if it is not known.

        Raises:
            OSError: the operating system cannot start the process.
        """
        self.slot = slot
        self.channel, channel = socket.socketpair()
        self.lifeline, lifeline = socket.socketpair()
        with channel, lifeline:
            self.supervisor: subprocess.Popen[bytes] = start_supervisor(
                _WORKER, lifeline.fileno(), channel.fileno(), None, worker_environment(slot)
            )
            self.channel.sendall(to_line(WorkerStart(slot, objective)))

    def end(self) -> None:
        """Have the supervisor end the worker."""
        with contextlib.suppress(OSError):  # the supervisor is gone already
            self.lifeline.shutdown(socket.SHUT_WR)

    def wait(self) -> None:
        """Wait until supervisor and worker have ended. A supervisor that does not end is killed, and so the worker."""
        try:
            self.supervisor.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait()
        self.channel.close()
        self.lifeline.close()


def worker_environment(slot: Slot) -> Mapping[str, str]:
    """The environment of a worker: this process's, settings of glibc's allocator, threads and devices of the slot."""
    threads = dict.fromkeys(THREAD_VARIABLES, str(slot.threads))
    devices = {"CUDA_VISIBLE_DEVICES": ""} if slot.device == "cpu" else {}
    return {**_MALLOC, **os.environ, **threads, **devices, **slot.environment}
