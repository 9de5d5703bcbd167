"""SIGTERM from outside, in the processes that a study starts: workers, processes of trials, trackers.

Slurm and other systems send SIGTERM to all processes of a job before its end. The parent of the study then stops the
run, and its workers save their trials at the next report. So the other processes ignore SIGTERM, unless their
supervisor ends them: it closes its end of CONTROL before it sends SIGTERM.
"""

import contextlib
import os
import signal
import socket
import time
from types import FrameType

_control: socket.socket | None = None
_last = float("-inf")  # time of the last SIGTERM that this process ignored, as `time.monotonic`


def ignore_sigterm(control: socket.socket | None = None) -> None:
    """Ignore SIGTERM from now on in this process. Programs that it starts and forks of it do not inherit this.

    Args:
        control: the worker's socket to its supervisor. SIGTERM ends this process once the supervisor's end is closed.
    """
    global _control  # noqa: PLW0603  # a process has one handler of a signal
    _control = control
    signal.signal(signal.SIGTERM, _handle)
    os.register_at_fork(after_in_child=_reset)


def seconds_since_sigterm() -> float:
    """Seconds since this process ignored SIGTERM. Infinite if it never did."""
    return time.monotonic() - _last


def _handle(_number: int, _frame: FrameType | None) -> None:
    global _last  # noqa: PLW0603
    if _control is not None and _is_closed(_control):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    _last = time.monotonic()


def _is_closed(control: socket.socket) -> bool:
    """Whether the other end is closed, without reading what is received."""
    with contextlib.suppress(BlockingIOError):
        return not control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return False


def _reset() -> None:
    """Let SIGTERM end a forked process, as code of the user expects of the processes that it starts."""
    if signal.getsignal(signal.SIGTERM) is _handle:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
