"""Resident memory of a worker and all its descendants, measured by the parent.

Pages that a forked trial shares with its worker count once: the kernel's proportional set sizes (PSS) are summed.
Reading them takes 50 ms for a gigabyte. So they are read when processes start or end, and when a limit seems to be
exceeded. Otherwise the resident set sizes are summed, less the shared pages that the last PSS reading found.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

READING_SECONDS = 0.5  # between two regular readings
_RECENT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TreeReading:
    """The memory of a worker at one moment."""

    total_bytes: int
    processes: int  # number of processes, the worker's own included


class TreeMemory:
    """Reads the memory of a worker's processes, regularly every half second."""

    def __init__(self, pid: int, limit: int | None) -> None:
        self._pid = pid
        self._limit = limit
        self._known: frozenset[int] = frozenset()
        self._shared_bytes = 0  # that the sum of the resident set sizes counts more than once
        self._last_reading = float("-inf")
        self.due = float("-inf")  # when the next regular reading is due, as `time.monotonic`

    def regular_reading(self) -> TreeReading:
        """Read the memory. The next regular reading is due half a second later."""
        self.due = time.monotonic() + READING_SECONDS
        return self.read()

    @property
    def was_read_recently(self) -> bool:
        return time.monotonic() < self._last_reading + _RECENT_SECONDS

    def own_bytes(self) -> int:
        """Resident memory of the worker's own process."""
        return sum(_resident(each) for each in _existing((self._pid,)))

    def read(self) -> TreeReading:
        """Read the memory now."""
        self._last_reading = time.monotonic()
        processes = list(_existing((self._pid, *_descendants(self._pid))))
        resident = sum(map(_resident, processes))
        pids = frozenset(process.pid for process in processes)
        estimate = resident - self._shared_bytes
        if pids != self._known or (self._limit is not None and estimate > self._limit):
            self._known = pids
            self._shared_bytes = max(0, resident - sum(map(_proportional, processes)))
        return TreeReading(resident - self._shared_bytes, len(processes))


def _descendants(pid: int) -> Iterator[int]:
    """Process ids of the descendants of a process, from /proc on Linux and otherwise from psutil."""
    tasks = Path(f"/proc/{pid}/task")
    if sys.platform != "linux" or not (tasks / str(pid) / "children").exists():
        with contextlib.suppress(psutil.Error):
            yield from (child.pid for child in psutil.Process(pid).children(recursive=True))
        return
    with contextlib.suppress(OSError):  # the process may end meanwhile
        for task in list(tasks.iterdir()):
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))


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
    """The process's proportional set size (PSS) on Linux, otherwise its unique set size (USS)."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return _resident(process)
    return int(getattr(memory, "pss", memory.uss))
