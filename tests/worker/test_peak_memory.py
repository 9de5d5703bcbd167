"""Peak memory of a process between two calls."""

from fxai.worker.peak_memory import NO_PEAK, Peak, peak_since_last_call
from skip_marks import needs_linux

MANY = 64_000_000


@needs_linux("a peak memory that can be reset")
def test_a_peak_covers_the_time_since_the_last_call() -> None:
    before = peak_since_last_call().memory_mb or 0.0
    large = bytearray(b"x" * MANY)
    del large
    with_it = peak_since_last_call().memory_mb or 0.0
    after = peak_since_last_call().memory_mb or 0.0
    assert with_it > after + 0.8 * MANY / 1e6
    assert with_it > before - 1


def test_without_a_gpu_in_use_there_is_no_gpu_peak() -> None:
    assert peak_since_last_call().gpu_memory_mb is None


def test_the_higher_of_two_peaks_ignores_missing_values() -> None:
    assert NO_PEAK.or_higher(Peak(3.0)) == Peak(3.0)
    assert Peak(3.0, 1.0).or_higher(Peak(2.0, 4.0)) == Peak(3.0, 4.0)
