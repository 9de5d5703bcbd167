"""The small process between the parent and each process it starts: it ends that one's family, whatever happens.

`start_keeper` runs it by path with the standard library alone, so that it starts in milliseconds:

    python -I -S supervisor.py MODULE LIFELINE CHANNEL LOG PARENT

It starts the worker, `python -m MODULE`, with the file descriptor CHANNEL, writes what the worker and its
children print into bounded logs, and waits. When the lifeline to PARENT closes, for whatever reason, or when the worker
exits, it kills everything that descends from the worker, reaps it, tells the parent the worker's exit
code and ends. On Linux it adopts orphaned descendants, so that a process which left the worker's process
group is found too; should the keeper itself be killed, the kernel kills the worker.
"""

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

LOG_BYTES = 1_000_000
TRACEBACK_SECONDS = 0.2  # for the worker to write where it hangs
GRACE_SECONDS = 0.5  # between SIGTERM and SIGKILL
KILL_SECONDS = 2.0  # a process that SIGKILL does not end by then hangs in the kernel
CHUNK = 65536
TRACEBACK = b"traceback\n"  # order of the parent: let the worker write where it hangs, then end it

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def start_supervisor(
    module: str, lifeline: int, channel: int, log: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """A keeper and its worker, `python -m module CHANNEL CONTROL`, in a session of their own.

    `lifeline` and `channel` are the far ends of two socket pairs: closing the near end of the first ends the
    worker with all its descendants, the second is the worker's to speak with its parent. What it prints goes
    into `log`, until it names another over CONTROL.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = [module, str(lifeline), str(channel), str(log), str(os.getpid())]
    with log.open("ab") as errors:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", __file__, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=dict(environment),
            pass_fds=(lifeline, channel),
            start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
        )


class BoundedLog:
    """A file that keeps the first and the last of what is written to it and can be read at any time."""

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab+", buffering=0)
        self._limit = limit
        self._size = self._file.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        self._size += self._file.write(data) or 0
        if self._size > self._limit:
            self._leave_out_the_middle()

    def close(self) -> None:
        self._file.close()

    def _leave_out_the_middle(self) -> None:
        kept = self._limit // 4
        self._file.seek(-kept, os.SEEK_END)
        tail = self._file.read(kept) or b""
        self._file.truncate(kept)
        self._file.write(b"\n... output left out: this log keeps its beginning and its end ...\n" + tail)
        self._size = self._file.seek(0, os.SEEK_END)


class Output:
    """What the worker and its children print, on its way into the log whose turn it is."""

    def __init__(self, worker_log: BoundedLog) -> None:
        self.source, self.entrance = os.pipe()
        os.set_blocking(self.source, False)
        self.open = True  # until all who could print are gone
        self._worker_log = self._log = worker_log

    def move(self) -> bool:
        """Move a chunk into the log; False when there is none now."""
        try:
            data = os.read(self.source, CHUNK)
        except BlockingIOError:
            return False
        self.open = bool(data)
        with contextlib.suppress(OSError):  # a full disk costs the log, not the trial
            self._log.write(data)
        return self.open

    def drain(self) -> None:
        for _ in range(16):  # a pipe's whole content, and no more: a child of the worker may print for ever
            if not self.move():
                return

    def switch(self, path: Path | None) -> None:
        """From now on write to that log, without one to the worker's own."""
        self.drain()
        if self._log is not self._worker_log:
            self._log.close()
        self._log = self._worker_log
        if path is not None:
            with contextlib.suppress(OSError):
                self._log = BoundedLog(path)


class Supervisor:
    """Watches over one worker."""

    def __init__(self, lifeline: socket.socket, log: BoundedLog, parent: int) -> None:
        self._lifeline = lifeline
        self._output = Output(log)
        self._parent = parent
        self._exit_code: int | None = None
        self._ending = False
        self._wants_traceback = False
        self._childless = False
        self._selector = selectors.DefaultSelector()

    def keep(self, module: str, channel: int) -> None:
        """Start a worker and return when neither it nor a descendant of it is left."""
        self._watch_signals()
        self._watch(self._lifeline, self._on_lifeline)
        self._watch(self._output.source, self._on_output)
        self._start_worker(module, channel)
        try:
            while not self._worker_is_gone() and not self._ending:
                self._turn()
        finally:
            self._end_process_tree()
            with contextlib.suppress(OSError):  # the parent may be gone
                self._lifeline.send(json.dumps({"exit_code": self._exit_code}).encode())

    def _watch_signals(self) -> None:
        """Signals wake the loop; SIGUSR1 is what the kernel sends at the parent's death."""
        self._wakeups, self._wakeup = socket.socketpair()
        self._wakeups.setblocking(False)
        self._wakeup.setblocking(False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, _wake)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a parent that blocks signals would bequeath that
        self._watch(self._wakeups, self._on_signal)
        _prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)
        adopt_orphans()
        self._ending = os.getppid() != self._parent  # it may have died before the first prctl

    def _start_worker(self, module: str, channel: int) -> None:
        self._control, control = socket.socketpair()
        self._log_orders = self._control.makefile("rb")
        self._watch(self._control, self._on_log_order)
        supervisor = os.getpid()
        descriptors = (channel, control.detach())
        self._worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", module, *map(str, descriptors)],
            stdin=subprocess.DEVNULL,
            stdout=self._output.entrance,
            stderr=self._output.entrance,
            pass_fds=descriptors,
            process_group=0,
            preexec_fn=lambda: _die_with(supervisor),  # noqa: PLW1509  # this process has one thread
        ).pid
        for descriptor in (self._output.entrance, *descriptors):
            os.close(descriptor)

    def _watch(self, source: socket.socket | int, act: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    def _turn(self, timeout: float | None = None) -> None:
        for key, _ in self._selector.select(timeout):
            key.data()

    def _on_lifeline(self) -> None:
        with contextlib.suppress(OSError):
            self._wants_traceback = self._lifeline.recv(CHUNK).startswith(TRACEBACK)
        self._ending = True
        self._selector.unregister(self._lifeline)

    def _on_signal(self) -> None:
        for number in self._wakeups.recv(CHUNK):
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGTERM or os.getppid() != self._parent:
                self._ending = True  # SIGUSR1 also comes when only the thread ended that started this process

    def _on_output(self) -> None:
        self._output.move()
        if not self._output.open:
            self._selector.unregister(self._output.source)

    def _on_log_order(self) -> None:
        """The worker names the next log, null for its own, and waits for the answer."""
        order = self._log_orders.readline()
        if not order.endswith(b"\n"):
            self._selector.unregister(self._control)
            return
        path = json.loads(order)
        self._output.switch(None if path is None else Path(path))
        with contextlib.suppress(OSError):
            self._control.sendall(b"\n")

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._worker:
                    self._exit_code = os.waitstatus_to_exitcode(status)
        self._childless = True

    def _end_process_tree(self) -> None:
        if self._wants_traceback:
            self._ask_for_tracebacks(children_of(self._worker))  # a trial may be a process of its own
            self._ask_for_tracebacks([self._worker])
        if not self._worker_is_gone():
            _send_signal(-self._worker, signal.SIGTERM)
            self._turn_until(time.monotonic() + GRACE_SECONDS, self._worker_is_gone)
        _send_signal(-self._worker, signal.SIGKILL)
        self._turn_until(time.monotonic() + KILL_SECONDS, self._process_tree_is_gone)
        self._output.drain()

    def _ask_for_tracebacks(self, pids: list[int]) -> None:
        for pid in pids:
            _send_signal(pid, signal.SIGUSR1)
        if pids:
            self._turn_until(time.monotonic() + TRACEBACK_SECONDS, self._worker_is_gone)

    def _turn_until(self, deadline: float, reached: Callable[[], bool]) -> None:
        while not reached() and (left := deadline - time.monotonic()) > 0:
            self._turn(min(left, 0.05))

    def _worker_is_gone(self) -> bool:
        return self._exit_code is not None

    def _process_tree_is_gone(self) -> bool:
        """Kill what this process is parent of; the next round meets what that leaves orphaned."""
        for pid in children_of(os.getpid()):
            _send_signal(pid, signal.SIGKILL)
        self._reap()
        return self._childless


def _wake(number: int, frame: FrameType | None) -> None:
    """Do nothing: the signal's number arrives through the wake-up descriptor."""


def adopt_orphans(*, wanted: bool = True) -> None:
    """Become parent of every descendant whose own parent dies, or no longer; Linux only."""
    _prctl(PR_SET_CHILD_SUBREAPER, int(wanted))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with(parent: int) -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, or to a process group with the negative of its id."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def children_of(parent: int) -> list[int]:
    """Process ids below a process, from /proc; none where there is no /proc."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                children.append(int(stat.parent.name))
    return children


def main() -> None:
    module, lifeline, channel, log, parent = sys.argv[1:]
    supervisor = Supervisor(socket.socket(fileno=int(lifeline)), BoundedLog(Path(log)), int(parent))
    supervisor.keep(module, int(channel))
    os._exit(0)


if __name__ == "__main__":
    main()
