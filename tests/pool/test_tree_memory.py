"""Memory of a process and its descendants, measured from outside."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fxai.pool.tree_memory import TreeMemory
from skip_marks import needs_linux

TAKES = "taken = b'x' * 200_000_000; "
FORKS = "import os, sys; below = os.fork(); "
STARTS = "import subprocess, sys; below = subprocess.Popen([sys.executable, '-S', '-c', sys.argv[1], '']); "
WAITS = "print('here', flush=True); sys.stdin.read()"


@contextmanager
def running(code: str, *arguments: str) -> Iterator[int]:
    """Run the code in a process. Yields the process id after two lines of output."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", f"import sys; {code}", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        for _ in range(2):
            assert process.stdout is not None
            process.stdout.readline()
        yield process.pid
    finally:
        process.communicate()


@needs_linux("the memory of a process without the pages that it shares")
def test_pages_that_a_fork_shares_count_once() -> None:
    with running(TAKES + FORKS + WAITS) as pid:
        reading = TreeMemory(pid, None).read()
    assert reading.processes == 2
    assert 200e6 < reading.total_bytes < 300e6


def test_the_memory_of_a_child_counts() -> None:
    with running(STARTS + WAITS, "import sys; " + TAKES + WAITS) as pid:
        memory = TreeMemory(pid, None)
        reading = memory.read()
        own = memory.own_bytes()
    assert reading.total_bytes > 200e6 > own


def test_an_ended_process_has_no_memory() -> None:
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()
    assert TreeMemory(gone.pid, 1).read().total_bytes == 0
    assert TreeMemory(os.getpid(), 1).read().processes >= 1
