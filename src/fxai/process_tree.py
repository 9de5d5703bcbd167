"""Process trees: a process and all its descendants, and how this process adopts and kills them.

Only Linux lets a process adopt orphans. On other systems, orphans that left the session of their tree are not killed.

The supervisor imports this module and has only the standard library. `children_of` therefore reads /proc instead of
calling psutil; with psutil no worker starts (tests/pool/test_local_pool.py, `test_one_process_serves_many_trials`).
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

KILL_SECONDS = 2.0  # wait for a process after SIGKILL; one that has not ended then hangs in the kernel
_PAUSE_SECONDS = 0.01
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class ProcessTrees:
    """The process trees that this process has started and not ended yet.

    A process has one registry. The worker passes it to all code that starts trees. The process adopts the orphans of
    all trees and cannot tell which tree an orphan belongs to. So it kills the orphans when the last tree ends. It does
    not kill children that it had before its first tree.
    """

    def __init__(self) -> None:
        self._leaders: set[int] = set()
        self._earlier_children: frozenset[int] = frozenset()

    def prepare(self) -> None:
        """Adopt orphans from now on. Called before the first process of a tree starts."""
        if not self._leaders:
            adopt_orphans()
            self._earlier_children = frozenset(_own_children())

    def add(self, leader: int) -> None:
        """Register a tree by its first process, which leads a session of its own."""
        self._leaders.add(leader)

    def end(self, leader: int, is_gone: Callable[[], bool], grace: float) -> None:
        """End a tree: first its leader, with `grace` seconds between SIGTERM and SIGKILL, then all its descendants.

        Descendants that left the session are found while the leader and their parents run.

        Args:
            leader: process id of the tree's first process.
            is_gone: returns whether the leader has ended, and reaps it.
            grace: seconds.
        """
        if grace > 0 and not is_gone():
            _send(os.killpg, leader, signal.SIGTERM)
            _wait(is_gone, grace)
        below = [] if is_gone() else [leader, *_descendants(leader)]
        for pid in below:
            _send(os.kill, pid, signal.SIGKILL)
        _send(os.killpg, leader, signal.SIGKILL)
        self._leaders.discard(leader)
        spared = self._earlier_children | {leader}
        _wait(lambda: is_gone() and (bool(self._leaders) or _kill_orphans(spared)), KILL_SECONDS)
        if not self._leaders:
            adopt_orphans(wanted=False)  # otherwise this process would have to reap further orphans


def _kill_orphans(spared: frozenset[int]) -> bool:
    """Kill the children of this process except `spared`. The next call kills the orphans that this one leaves.

    Returns:
        Whether there were none.
    """
    orphans = set(_own_children()) - spared
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
    """Become the parent of every descendant whose own parent dies, or stop with `wanted=False`. Linux only."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(wanted))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def signal_at_death_of_parent(number: signal.Signals) -> None:
    """Let the kernel send the signal `number` to this process when the thread that started it ends. Linux only."""
    _prctl(_PR_SET_PDEATHSIG, number)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent, the process `parent`, ends. Linux only."""
    signal_at_death_of_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _own_children() -> list[int]:
    """Process ids of the children of this process. Usually it has none, which the kernel tells without /proc."""
    if hasattr(os, "waitid"):
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return []
    return children_of(os.getpid())


def children_of(parent: int) -> list[int]:
    """Process ids of the children of a process, from /proc. Empty on systems without /proc."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                children.append(int(stat.parent.name))
    return children
