"""A process and all that descends from it, ended together whatever it left behind."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from fxai.keeper import adopt_orphans, children_of

KILL_SECONDS = 2.0  # a process that SIGKILL does not end by then hangs in the kernel
_PAUSE_SECONDS = 0.01


class Family:
    """Made before its first process starts, so that what this process had for children before is left alone.

    The first process must lead a session of its own. Descendants that left it are found as long as this process
    adopts orphans, which Linux offers; elsewhere they stay.
    """

    def __init__(self) -> None:
        adopt_orphans()
        self._others = frozenset(children_of(os.getpid()))

    def end(self, leader: int, is_gone: Callable[[], bool], grace: float) -> None:
        """End the leader, which has `grace` seconds after SIGTERM, and then everyone else.

        `is_gone` says whether the leader has ended, and reaps it.
        """
        if grace > 0 and not is_gone():
            _send(os.killpg, leader, signal.SIGTERM)
            _wait(is_gone, grace)
        if not is_gone():
            _send(os.kill, leader, signal.SIGKILL)  # it may not lead its session yet
        _send(os.killpg, leader, signal.SIGKILL)
        _wait(lambda: is_gone() and self._orphans_are_gone(leader), KILL_SECONDS)

    def _orphans_are_gone(self, leader: int) -> bool:
        """Kill what this process is parent of by now; the next round meets what that leaves orphaned."""
        orphans = set(children_of(os.getpid())) - self._others - {leader}
        for pid in orphans:
            _send(os.kill, pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return not orphans


def _send(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        send(pid, number)


def _wait(reached: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not reached() and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
