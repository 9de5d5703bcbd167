"""Describes the loss of a worker."""

from collections.abc import Sequence
from pathlib import Path

from fxai.pool.contract import WorkerLost
from fxai.protocol import Cause, TrialRequest


def describe_loss(
    worker: int, cause: Cause, reason: str, requests: Sequence[TrialRequest], log: Path, *, where: str = ""
) -> WorkerLost:
    """The event of a lost worker and its trials.

    `reason` is a predicate whose subject is the worker; `where` follows the worker's number, as in " on host a".
    """
    numbers = tuple(request.number for request in requests)
    message = f"worker {worker}{where} {reason} {_during(numbers)} (log: {log})"
    return WorkerLost(worker, cause, message, numbers)


def describe_lost_host(worker: int, host: str, reason: str, numbers: Sequence[int]) -> WorkerLost:
    """The event of a worker whose host was lost. `reason` is a clause about the host: "it closed the connection"."""
    message = f"worker {worker} was lost with its host {host} {_during(numbers)}: {reason}"
    return WorkerLost(worker, Cause.WORKER_LOST, message, tuple(numbers), host)


def _during(numbers: Sequence[int]) -> str:
    if not numbers:
        return "while it was idle"
    *others, last = map(str, numbers)
    return f"during trials {', '.join(others)} and {last}" if others else f"during trial {last}"
