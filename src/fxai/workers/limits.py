"""What a trial may take before its worker is replaced."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit."""

    trial_seconds: float | None = None  # from its start to its end
    seconds_without_progress: float | None = None  # from its start, or its last answered report, to the next
    worker_bytes: int | None = None  # memory in RAM; a worker beyond it is replaced between trials
