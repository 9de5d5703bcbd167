"""Memory in RAM of a worker and of all processes below it, measured from outside, by the parent.

Pages that a forked trial shares with its worker count once: the kernel's proportional shares (PSS) are summed. Reading
them takes 50 ms for a gigabyte, so they are read when processes come or go and when a limit seems to be passed; in
between the resident sets are summed, less what was counted twice at the last such reading.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOK_SECONDS = 0.5  # from one look to the next
_SOONEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TreeReading:
    """What a look at a worker came to."""

    total_bytes: int
    processes: int  # the worker's own included


class TreeMemory:
    """Looks at a worker's processes every half second."""

    def __init__(self, pid: int, limit: int | None) -> None:
        self._pid = pid
        self._limit = limit
        self._known: frozenset[int] = frozenset()
        self._counted_twice = 0
        self._looked = float("-inf")
        self.due = float("-inf")  # when the next look is due, as `time.monotonic`

    def look_in_time(self) -> TreeReading:
        """The look that was due; the next is half a second later, whatever looks there are in between."""
        self.due = time.monotonic() + LOOK_SECONDS
        return self.look()

    @property
    def looked_lately(self) -> bool:
        return time.monotonic() < self._looked + _SOONEST_SECONDS

    def own_bytes(self) -> int:
        """Of the worker's own process."""
        return sum(_resident(each) for each in _existing((self._pid,)))

    def look(self) -> TreeReading:
        self._looked = time.monotonic()
        processes = list(_existing((self._pid, *_below(self._pid))))
        resident = sum(map(_resident, processes))
        pids = frozenset(process.pid for process in processes)
        seems = resident - self._counted_twice
        if pids != self._known or (self._limit is not None and seems > self._limit):
            self._known = pids
            self._counted_twice = max(0, resident - sum(map(_proportional, processes)))
        return TreeReading(resident - self._counted_twice, len(processes))


def _below(pid: int) -> Iterator[int]:
    """Descendants of a process, by the kernel's lists of children; without those by a look at all processes."""
    tasks = Path(f"/proc/{pid}/task")
    if sys.platform != "linux" or not (tasks / str(pid) / "children").exists():
        with contextlib.suppress(psutil.Error):
            yield from (child.pid for child in psutil.Process(pid).children(recursive=True))
        return
    with contextlib.suppress(OSError):  # it ends meanwhile
        for task in list(tasks.iterdir()):
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


def _existing(pids: tuple[int, ...]) -> Iterator[psutil.Process]:
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            yield psutil.Process(pid)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _proportional(process: psutil.Process) -> int:
    """Its share of the memory that it has in common with others; elsewhere than on Linux what is its alone."""
    try:
        told = process.memory_full_info()
    except psutil.Error:
        return _resident(process)
    return int(getattr(told, "pss", told.uss))
