"""Number of processes that the kernel killed because the memory of the machine or of the container ran out."""

from pathlib import Path


def out_of_memory_kills(counters: Path = Path("/proc/vmstat")) -> int:
    """Number of such kills since the machine started. 0 where the kernel does not count them (not Linux)."""
    try:
        lines = counters.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, count = line.partition(" ")
        if name == "oom_kill":
            return int(count)
    return 0
