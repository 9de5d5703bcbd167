"""What the database keeps of a run: it began, and how it ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fxai.search.open_search import open_search
from fxai.search.stored_run import RunState, StoredRun
from fxai.search.studies import stored_study
from fxai.search.study import Search
from fxai.study.events import Ending, StudyEnded, StudyProgress
from fxai.study.noted_run import noted_run
from study_place import study

DONE = StudyProgress(total=2, complete=2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


@pytest.fixture
def search(url: str) -> Iterator[Search]:
    with open_search(study("square"), url, fingerprint={"of": "this test"}, default_params={"x": 0.0}) as opened:
        yield opened


def noted(url: str) -> StoredRun:
    with stored_study(url, "s") as stored:
        run = StoredRun.of(stored.user_attrs)
    assert run is not None
    return run


def ended(ending: Ending, progress: StudyProgress = DONE, reason: str | None = None) -> StudyEnded:
    return StudyEnded("s", progress, 1.0, reason=reason, ending=ending)


def test_a_run_has_no_end_while_it_runs(search: Search, url: str) -> None:
    with noted_run(search) as note_end:
        assert (noted(url).end, noted(url).state) == (None, None)
        note_end(ended(Ending.REACHED))
    assert (noted(url).end is not None, noted(url).state, noted(url).reason) == (True, "finished", None)


@pytest.mark.parametrize(
    ("event", "state", "reason"),
    [
        (ended(Ending.TIMEOUT, reason="the timeout"), RunState.FINISHED, "the timeout"),
        (ended(Ending.INTERRUPTED, reason="interrupted"), RunState.INTERRUPTED, "interrupted"),
        (ended(Ending.FAILING, reason="3 trials in a row failed"), RunState.FAILED, "3 trials in a row failed"),
        (ended(Ending.REACHED, StudyProgress(total=2, failed=2)), RunState.FAILED, "no trial is complete"),
    ],
    ids=lambda value: str(value) if isinstance(value, RunState) else "",
)
def test_an_end_has_its_state_and_its_reason(
    search: Search, url: str, event: StudyEnded, state: RunState, reason: str
) -> None:
    with noted_run(search) as note_end:
        note_end(event)
    assert (noted(url).state, noted(url).reason) == (state, reason)


@pytest.mark.parametrize(
    ("error", "state"),
    [(OSError("disk full"), "failed"), (KeyboardInterrupt(), "interrupted"), (SystemExit(1), "failed")],
    ids=["error", "key", "exit"],
)
def test_an_error_is_the_reason(search: Search, url: str, error: BaseException, state: str) -> None:
    with pytest.raises(type(error)), noted_run(search):
        raise error
    assert noted(url).state == state
    assert noted(url).reason in {"disk full", "KeyboardInterrupt", "the process ended with exit code 1"}
