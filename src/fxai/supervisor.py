"""Supervisor process. Starts one worker and kills the worker's process tree when the worker or the parent exits.

`start_supervisor` runs this file by its path with the standard library alone, so that it starts in milliseconds:

    python -I -S supervisor.py MODULE LIFELINE CHANNEL LOG PARENT

The supervisor starts the worker, `python -m MODULE`, with the file descriptor CHANNEL, and writes what the worker and
its child processes print into bounded logs. If LOG is empty, the output waits until the parent names the log over the
lifeline. When the lifeline to PARENT closes, or when the worker exits, the supervisor kills and reaps all descendants
of the worker, sends the worker's exit code to the parent, and exits. On Linux the supervisor adopts orphaned
descendants, so it also finds a process that left the worker's process group. If the supervisor itself is killed, the
kernel kills the worker. SIGTERM from outside does not end it (`sigterm.py`).
"""

import contextlib
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

if __name__ == "__main__":  # run by path and without site-packages, where `fxai` is not on the import path
    sys.path.append(str(Path(__file__).parents[1]))

from fxai.bounded_log import BoundedLog
from fxai.process_tree import KILL_SECONDS, adopt_orphans, children_of, die_with, signal_at_death_of_parent

TRACEBACK_SECONDS = 0.2  # for the worker to write the tracebacks of its threads
GRACE_SECONDS = 0.5  # between SIGTERM and SIGKILL
CHUNK = 65536
TRACEBACK = b"traceback\n"  # the parent's order to let the worker write its tracebacks and then to end it
_LOG = b"log "  # the parent's order to write the worker's output to a log; its path follows in JSON


def start_supervisor(
    module: str, lifeline: int, channel: int, log: Path | None, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a supervisor and its worker, `python -m module CHANNEL CONTROL`, in a session of their own.

    Args:
        module: module that the worker runs.
        lifeline: the child's end of a socket pair. When the parent closes its end, the supervisor ends the worker and
            all its descendants.
        channel: the child's end of a second socket pair, over which worker and parent send messages.
        log: file for the output of the worker, until the worker names another log over CONTROL. If None, no file is
            made, and the parent names the file later with `name_log`.
        environment: environment of the worker.

    Returns:
        The supervisor.
    """
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    arguments = [module, str(lifeline), str(channel), "" if log is None else str(log), str(os.getpid())]
    with (log or Path(os.devnull)).open("ab") as errors:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", __file__, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=dict(environment),
            pass_fds=(lifeline, channel),
            start_new_session=True,  # Ctrl-C in the terminal then reaches the parent only
        )


def name_log(lifeline: socket.socket, log: Path) -> None:
    """Name the log of a supervisor that was started without one.

    Raises:
        OSError: the file cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.open("ab").close()
    with contextlib.suppress(OSError):  # the supervisor is gone already
        lifeline.sendall(_LOG + json.dumps(str(log)).encode() + b"\n")


class Output:
    """The pipe that the worker and its children print into. Moves their output into the current log."""

    def __init__(self) -> None:
        self.source, self.sink = os.pipe()
        os.set_blocking(self.source, False)
        self.open = True  # until all processes that hold the sink have ended
        self._worker_log: BoundedLog | None = None  # None until it is named; the output waits in the pipe
        self._log: BoundedLog | None = None

    @property
    def has_log(self) -> bool:
        return self._worker_log is not None

    def begin(self, worker_log: BoundedLog) -> None:
        """Write the output to the worker's own log, unless `switch` has named another one."""
        self._worker_log = worker_log
        self._log = self._log or worker_log

    def move(self) -> bool:
        """Move a chunk into the log. Returns False if there is none now."""
        if self._log is None:
            return False
        try:
            data = os.read(self.source, CHUNK)
        except BlockingIOError:
            return False
        self.open = bool(data)
        with contextlib.suppress(OSError):  # the trial continues without its log if the disk is full
            self._log.write(data)
        return self.open

    def drain(self) -> None:
        """Move at most the content of a full pipe into the log, since a child of the worker may print without end."""
        for _ in range(16):
            if not self.move():
                return

    def switch(self, path: Path | None) -> None:
        """Write all further output to the log `path`, or to the worker's log if None."""
        self.drain()
        if self._log is not None and self._log is not self._worker_log:
            self._log.close()
        self._log = self._worker_log
        if path is not None:
            with contextlib.suppress(OSError):
                self._log = BoundedLog(path)


class Supervisor:
    """Starts one worker and ends its process tree."""

    def __init__(self, lifeline: socket.socket, log: Path | None, parent: int, module: str, channel: int) -> None:
        """Start the worker.

        Args:
            lifeline: the supervisor's end of the socket to the parent.
            log: the worker's own log. None: the parent names it over the lifeline.
            parent: process id of the parent.
            module: module that the worker runs, with the file descriptor `channel`.
            channel: the worker's end of its socket to the parent.
        """
        self._lifeline = lifeline
        self._orders = b""  # received over the lifeline
        self._output = Output()
        self._parent = parent
        self._exit_code: int | None = None
        self._ending = False
        self._wants_traceback = False
        self._childless = False
        self._selector = selectors.DefaultSelector()
        self._wakeups, self._wakeup = socket.socketpair()
        self._watch_signals()
        self._watch(self._lifeline, self._on_lifeline)
        if log is not None:
            self._write_to(log)
        self._control, control = socket.socketpair()
        self._log_orders = self._control.makefile("rb")
        self._watch(self._control, self._on_log_order)
        self._worker = self._start_worker(module, channel, control.detach())

    def run(self) -> None:
        """Run until the worker and all its descendants have ended. Output that has no log yet waits for its log."""
        try:
            while not self._ending and not (self._worker_has_ended() and self._output.has_log):
                self._handle_events()
        finally:
            self._end_process_tree()
            with contextlib.suppress(OSError):  # the parent may be gone
                self._lifeline.send(json.dumps({"exit_code": self._exit_code}).encode())

    def _watch_signals(self) -> None:
        """Let signals wake the loop. The kernel sends SIGUSR1 when the parent dies. SIGTERM has no effect."""
        self._wakeups.setblocking(False)
        self._wakeup.setblocking(False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, _wake)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a child inherits the blocked signals of its parent
        self._watch(self._wakeups, self._on_signal)
        signal_at_death_of_parent(signal.SIGUSR1)
        adopt_orphans()
        self._ending = os.getppid() != self._parent  # the parent may have died before the first prctl

    def _start_worker(self, module: str, channel: int, control: int) -> int:
        """Start the worker and close the descriptors in this process. Returns the worker's process id."""
        supervisor = os.getpid()
        descriptors = (channel, control)
        worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", module, *map(str, descriptors)],
            stdin=subprocess.DEVNULL,
            stdout=self._output.sink,
            stderr=self._output.sink,
            pass_fds=descriptors,
            process_group=0,
            preexec_fn=lambda: die_with(supervisor),  # noqa: PLW1509  # this process has one thread
        ).pid
        for descriptor in (self._output.sink, *descriptors):
            os.close(descriptor)
        return worker

    def _watch(self, source: socket.socket | int, act: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    def _handle_events(self, timeout: float | None = None) -> None:
        for key, _ in self._selector.select(timeout):
            key.data()

    def _write_to(self, log: Path) -> None:
        """Write the worker's output to its own log from now on, and errors of this process too."""
        self._output.begin(BoundedLog(log))
        self._watch(self._output.source, self._on_output)
        with log.open("ab") as errors:
            os.dup2(errors.fileno(), sys.stderr.fileno())

    def _on_lifeline(self) -> None:
        """Follow the orders of the parent. The order for tracebacks and the end of the lifeline end the worker."""
        data = b""
        with contextlib.suppress(OSError):
            data = self._lifeline.recv(CHUNK)
        *orders, self._orders = (self._orders + data).split(b"\n")
        for order in orders:
            if order.startswith(_LOG):
                self._write_to(Path(json.loads(order.removeprefix(_LOG))))
            elif order == TRACEBACK.strip():
                self._wants_traceback = True
        if not data or self._wants_traceback:
            self._ending = True
            self._selector.unregister(self._lifeline)

    def _on_signal(self) -> None:
        for number in self._wakeups.recv(CHUNK):
            if number == signal.SIGCHLD:
                self._reap()
            elif os.getppid() != self._parent:
                self._ending = True  # the kernel sends SIGUSR1 also when only the thread that started this process ends

    def _on_output(self) -> None:
        self._output.move()
        if not self._output.open:
            self._selector.unregister(self._output.source)

    def _on_log_order(self) -> None:
        """Switch to the log that the worker names, null for its own, and send the answer that the worker waits for."""
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
            self._request_tracebacks(children_of(self._worker))  # a trial may have a process of its own
            self._request_tracebacks([self._worker])
        if not self._worker_has_ended():
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)  # the worker ignores SIGTERM until then
            _send_signal(-self._worker, signal.SIGTERM)
            self._handle_events_until(time.monotonic() + GRACE_SECONDS, self._worker_has_ended)
        _send_signal(-self._worker, signal.SIGKILL)
        self._handle_events_until(time.monotonic() + KILL_SECONDS, self._kill_children)
        self._output.drain()

    def _request_tracebacks(self, pids: list[int]) -> None:
        for pid in pids:
            _send_signal(pid, signal.SIGUSR1)
        if pids:
            self._handle_events_until(time.monotonic() + TRACEBACK_SECONDS, self._worker_has_ended)

    def _handle_events_until(self, deadline: float, reached: Callable[[], bool]) -> None:
        while not reached() and (left := deadline - time.monotonic()) > 0:
            self._handle_events(min(left, 0.05))

    def _worker_has_ended(self) -> bool:
        return self._exit_code is not None

    def _kill_children(self) -> bool:
        """Kill the children of this process. The next call kills the processes that their deaths leave orphaned.

        Returns:
            Whether this process has no children left.
        """
        for pid in children_of(os.getpid()):
            _send_signal(pid, signal.SIGKILL)
        self._reap()
        return self._childless


def _wake(number: int, frame: FrameType | None) -> None:
    """Do nothing, since the signal's number arrives through the wake-up descriptor."""


def _send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, or to a process group with the negative of its id."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def main() -> None:
    module, lifeline, channel, log, parent = sys.argv[1:]
    near_end = socket.socket(fileno=int(lifeline))
    Supervisor(near_end, Path(log) if log else None, int(parent), module, int(channel)).run()
    os._exit(0)


if __name__ == "__main__":
    main()
