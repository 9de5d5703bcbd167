"""What a trial may take before its worker is replaced."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit.

    A trial that passes its seconds fails by itself; its neighbours in the worker go on. A worker that makes
    no progress is replaced: a trial that was alone in it fails, several are lost and none is blamed.
    """

    trial_seconds: float | None = None  # from its start to its end
    seconds_without_progress: float | None = None  # from a worker's last line, or the answer to it, to the next
    # Memory in RAM of a worker with all processes below it. A trial that is alone in it and passes the limit fails;
    # a worker whose own process is beyond it takes no more trials and goes after its last.
    worker_bytes: int | None = None
