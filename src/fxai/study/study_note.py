"""What `--notify` tells about a study or a training. Loads no slow library."""

from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import JsonValue

from fxai.results.strict_json import json_value
from fxai.search.stored_run import RunState


@dataclass(frozen=True, slots=True)
class StudyNote:
    """What is told about a study. A value that is not known, and a file that does not exist, is None."""

    study: str
    state: str = RunState.FINISHED
    reason: str | None = None  # why the run ended, if it did not finish its trials
    metric: str | None = None
    direction: str | None = None
    best_trial: int | None = None
    best_value: float | None = None
    error: float | None = None  # standard error of the best value
    confirmed_value: float | None = None  # of the best trial on fresh seeds
    confirmed_error: float | None = None
    verdict: str | None = None  # on the best trial, in a word
    complete: int | None = None  # trials
    pruned: int | None = None
    failed: int | None = None
    target: int | None = None  # finished trials at which the study is done
    seconds: float | None = None
    folder: str | None = None  # absolute path, as the next ones
    report: str | None = None
    config: str | None = None  # of the best trial
    agent: str | None = None
    windows: str | None = None  # page over the windows of `fxai retune`
    warnings: tuple[str, ...] = ()

    def as_json(self) -> JsonValue:
        return json_value(asdict(self))


def existing(path: Path) -> str | None:
    """The absolute path of a file; None if it does not exist."""
    return str(path.absolute()) if path.exists() else None
