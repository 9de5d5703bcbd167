"""Whether the kernel killed processes because the machine's, or the container's, memory ran out."""

from pathlib import Path


def out_of_memory_kills(counters: Path = Path("/proc/vmstat")) -> int:
    """How often it did since the machine started; 0 where the kernel does not say (not Linux)."""
    try:
        lines = counters.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, count = line.partition(" ")
        if name == "oom_kill":
            return int(count)
    return 0
