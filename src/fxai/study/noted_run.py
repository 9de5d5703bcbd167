"""Stores a study's run in the study's database: its process, its start, and how it ended."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from fxai.errors import FxaiError
from fxai.search.stored_run import RunState, StoredRun
from fxai.search.study import Search
from fxai.study.events import Ending, StudyEnded

_STATES: Mapping[Ending, RunState] = {Ending.INTERRUPTED: RunState.INTERRUPTED, Ending.FAILING: RunState.FAILED}


@contextmanager
def noted_run(search: Search) -> Iterator[Callable[[StudyEnded], None]]:
    """Store that a run begins, and at the end of the block how it ended.

    The block calls the yielded function with the study's last event. An error that leaves the block is stored as the
    reason of a failed run. A run that is killed has no end in the database.
    """
    run = StoredRun.begun()
    search.mark_run(run)
    ends: list[StudyEnded] = []
    try:
        yield ends.append
    except BaseException as error:
        state = RunState.INTERRUPTED if isinstance(error, KeyboardInterrupt) else RunState.FAILED
        with suppress(FxaiError, OSError, SQLAlchemyError):  # the error may be that of the database
            search.mark_run(run.ended(state, _reason(error)))
        raise
    for ended in ends:
        search.mark_run(run.ended(*state_of(ended)))


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):  # as if the pipe of standard output is closed
        return f"the process ended with exit code {error.code}"
    return str(error) or type(error).__name__


def state_of(ended: StudyEnded) -> tuple[RunState, str | None]:
    """How a run ended, and why, if it did not finish its trials."""
    state = _STATES.get(ended.ending, RunState.FINISHED)
    if state is RunState.FINISHED and not ended.progress.complete:
        return RunState.FAILED, ended.reason or "no trial is complete"
    return state, ended.reason
