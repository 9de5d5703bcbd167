"""Limits of time and memory of a trial and its worker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of each worker of a pool. None means no limit.

    A trial that exceeds `trial_seconds` fails; the other trials of its worker continue. A worker without progress is
    replaced. A trial that was alone in it fails; several trials are lost and run again.
    """

    trial_seconds: float | None = None  # from its start to its end
    seconds_without_progress: float | None = None  # from a worker's last message, or the answer to it, to the next
    # Resident memory of a worker and all its descendants. A trial that is alone in its worker and exceeds the limit
    # fails. A worker whose own process exceeds the limit takes no more trials and ends after its last.
    worker_bytes: int | None = None
