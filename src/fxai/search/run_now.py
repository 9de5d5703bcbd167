"""How the last run of a study is now: running, ended, or killed. Read from its database and its locks."""

from dataclasses import asdict, dataclass, replace

from pydantic import JsonValue

from fxai.search.database import is_server
from fxai.search.lock import holder_of
from fxai.search.server_lock import is_held_on_server
from fxai.search.stored_run import RunState, StoredRun
from fxai.user_folders import state_directory


@dataclass(frozen=True, slots=True)
class RunNow:
    """The last run of a study. All fields are None for a study of an earlier release without a running process."""

    state: RunState | str | None = None
    pid: int | None = None  # the process that holds the study now
    host: str | None = None  # the machine of the last run
    start: str | None = None  # RFC 3339, local time with its offset
    end: str | None = None  # None while it runs, and if it was killed
    reason: str | None = None  # why it ended, if it did not finish its trials

    def as_json(self) -> dict[str, JsonValue]:
        return asdict(self)


def run_now(url: str, study_name: str, run: StoredRun | None) -> RunNow:
    """How the last run of a study is now.

    A process that holds the study and is not that of the last run is a command that adds to its results, such as
    `fxai verdict`.

    Args:
        url: Database.
        study_name: Name of the study.
        run: The last run, as the database has it.
    """
    holder = holder_of(url, study_name, state_directory())
    if run is None:
        return RunNow(None if holder is None else RunState.RUNNING, holder)
    now = RunNow(run.state, holder, run.host, run.start, run.end, run.reason)
    if holder == run.pid:
        return replace(now, state=RunState.RUNNING, end=None, reason=None)
    if run.end is not None:
        return now
    if holder is None and is_server(url) and is_held_on_server(url, study_name):
        return replace(now, state=RunState.RUNNING, pid=run.pid)
    return replace(now, state=RunState.KILLED, reason=f"process {run.pid} on {run.host} was killed")
