"""Process trees: a process and all its descendants, and how Linux lets another process adopt and end them.

The supervisor imports this module and has the standard library alone. `children_of` therefore reads /proc and not
psutil; with psutil no worker starts (tests/pool/test_local_pool.py, `test_one_process_serves_many_trials`).
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

KILL_SECONDS = 2.0  # a process that SIGKILL does not end by then hangs in the kernel
_PAUSE_SECONDS = 0.01
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class ProcessTree:
    """Made before its first process starts, which must lead a session of its own, and led by it from then on.

    Descendants that left the session are found below the first process while their parents live, and once they are
    orphans, which this process adopts, when the last of its families ends: nobody can tell whose they were. (Linux
    offers that; elsewhere they stay.) What this process had for children before its families is left alone.
    """

    _living: ClassVar[set["ProcessTree"]] = set()
    _others: ClassVar[frozenset[int]] = frozenset()

    def __init__(self) -> None:
        if not ProcessTree._living:
            adopt_orphans()
            ProcessTree._others = frozenset(children_of(os.getpid()))

    def follow(self, leader: int) -> None:
        """The first process has started."""
        self._leader = leader
        ProcessTree._living.add(self)

    def end(self, is_gone: Callable[[], bool], grace: float) -> None:
        """End the leader, which has `grace` seconds after SIGTERM, and then everyone else.

        `is_gone` says whether the leader has ended, and reaps it.
        """
        leader = self._leader
        if grace > 0 and not is_gone():
            _send(os.killpg, leader, signal.SIGTERM)
            _wait(is_gone, grace)
        below = [] if is_gone() else [leader, *_descendants(leader)]
        for pid in below:
            _send(os.kill, pid, signal.SIGKILL)
        _send(os.killpg, leader, signal.SIGKILL)
        ProcessTree._living.discard(self)
        _wait(
            lambda: is_gone() and (bool(ProcessTree._living) or _orphans_are_gone(leader, ProcessTree._others)),
            KILL_SECONDS,
        )
        if not ProcessTree._living:
            adopt_orphans(wanted=False)  # whoever adopts must reap, and this process may have other children yet


def _orphans_are_gone(leader: int, others: frozenset[int]) -> bool:
    """Kill what this process is parent of by now; the next round meets what that leaves orphaned."""
    orphans = set(children_of(os.getpid())) - others - {leader}
    for pid in orphans:
        _send(os.kill, pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return not orphans


def _descendants(pid: int) -> Iterator[int]:
    for child in children_of(pid):
        yield child
        yield from _descendants(child)


def _send(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        send(pid, number)


def _wait(reached: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not reached() and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)


def adopt_orphans(*, wanted: bool = True) -> None:
    """Become parent of every descendant whose own parent dies, or no longer; Linux only."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(wanted))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def signal_at_death_of_parent(number: signal.Signals) -> None:
    """Let the kernel send `number` to this process when the thread that started it ends; Linux only."""
    _prctl(_PR_SET_PDEATHSIG, number)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when `parent` ends; Linux only."""
    signal_at_death_of_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def children_of(parent: int) -> list[int]:
    """Process ids below a process, from /proc; none where there is no /proc."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                children.append(int(stat.parent.name))
    return children
