"""The limits of time and memory that a study sets for its trials."""

from fxai.pool import Limits
from fxai.spec.search.study import StudySpec

_BYTES_PER_GB = 1_000_000_000


def worker_limits(study: StudySpec) -> Limits:
    """The limits of each worker of a study."""
    memory = study.memory_limit_gb
    return Limits(
        trial_seconds=study.trial_timeout,
        seconds_without_progress=study.progress_timeout,
        worker_bytes=None if memory is None else int(memory * _BYTES_PER_GB),
    )
