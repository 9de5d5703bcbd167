"""Describes the loss of a worker."""

from collections.abc import Sequence
from pathlib import Path

from fxai.pool.contract import WorkerLost
from fxai.protocol import Cause, TrialRequest


def describe_loss(worker: int, cause: Cause, reason: str, requests: Sequence[TrialRequest], log: Path) -> WorkerLost:
    """The event of a lost worker and its trials. `reason` is a predicate whose subject is the worker."""
    numbers = tuple(request.number for request in requests)
    message = f"worker {worker} {reason} {_during(numbers)} (log: {log})"
    return WorkerLost(worker, cause, message, numbers)


def _during(numbers: Sequence[int]) -> str:
    if not numbers:
        return "while it was idle"
    *others, last = map(str, numbers)
    return f"during trials {', '.join(others)} and {last}" if others else f"during trial {last}"
