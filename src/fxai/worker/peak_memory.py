"""Peak memory of this process since the last reading.

psutil 7 reads the current memory and has no peak on Linux. It misses a peak between two readings;
tests/worker/test_peak_memory.py, `test_a_peak_covers_the_time_since_the_last_call`.
"""

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_MB = 1e6
_KILOBYTE = 1024 if sys.platform == "linux" else 1  # macOS counts bytes
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # resets the peak only: proc(5)


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak memory in megabytes. None if it is not known; for the GPU also if none is in use."""

    memory_mb: float | None = None
    gpu_memory_mb: float | None = None

    def or_higher(self, other: "Peak") -> "Peak":
        return Peak(_higher(self.memory_mb, other.memory_mb), _higher(self.gpu_memory_mb, other.gpu_memory_mb))


NO_PEAK = Peak()


def peak_since_last_call() -> Peak:
    """The peak since the last call, or since the process began where the system cannot reset it.

    A process has one caller of this function, since each call resets the peak.
    """
    peak = Peak(_resident(), _on_gpu())
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return peak
    return peak


def _resident() -> float:
    try:
        status = _STATUS.read_text()
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) * 1024 / _MB
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE / _MB


def _on_gpu() -> float | None:
    """Peak memory of torch's tensors on the GPU in megabytes. None if torch is not loaded or uses no GPU.

    Torch is not imported here, since the import takes seconds.
    """
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is None or not cuda.is_initialized():
        return None
    highest: Callable[[], int] = cuda.max_memory_allocated
    peak = highest() / _MB
    cuda.reset_peak_memory_stats()
    return peak


def _higher(one: float | None, other: float | None) -> float | None:
    return max((each for each in (one, other) if each is not None), default=None)
