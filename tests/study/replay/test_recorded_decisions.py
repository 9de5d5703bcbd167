"""The file of decisions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.protocol import Report, TrialResult, TrialState
from fxai.study.events import (
    Notice,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
)
from fxai.study.replay.decisions import (
    Entry,
    ReportJudgedEntry,
    ReportsDecidedEntry,
    ResultToldEntry,
    StudyOpenedEntry,
    TrialBegunEntry,
    TrialRequeuedEntry,
    entry_line,
    read_decisions,
)
from fxai.study.replay.recorder import recorded
from small_files import files_of_at_most

MADE_OF: dict[str, JsonValue] = {"seed": 0}


def opened(finished: int = 0, retried: tuple[int, ...] = ()) -> StudyOpened:
    return StudyOpened("s", "maximize", "value", 2, StudyProgress(9, complete=finished), retried)


def events(*retried: int, finished: int = 0) -> Iterator[StudyEvent]:
    progress = StudyProgress(9)
    yield opened(finished, retried)
    yield TrialBegan(0, 0, {"x": 0.5})
    yield TrialProgressed(Report(0, 1, 0.1), pruned=False, together=2)
    yield TrialProgressed(Report(1, 1, 1 / 3), pruned=True, together=2)
    yield TrialFinished(TrialResult(1, TrialState.PRUNED, 1.0), {}, progress, best=False)
    yield TrialRequeued(0, "its worker is lost")


ENTRIES: list[Entry] = [
    StudyOpenedEntry("s", MADE_OF),
    TrialBegunEntry(0),
    ReportsDecidedEntry((ReportJudgedEntry(0, 1, 0.1, pruned=False), ReportJudgedEntry(1, 1, 1 / 3, pruned=True))),
    ResultToldEntry(1, TrialState.PRUNED),
    TrialRequeuedEntry(0),
]


def test_every_decision_is_read_as_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "s" / "decisions.jsonl"
    assert list(recorded(events(), path, "s", MADE_OF)) == list(events())
    assert read_decisions(path) == ENTRIES


def test_a_new_study_begins_the_file_anew_and_a_resumed_one_adds_to_it(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    for _ in range(2):
        list(recorded(events(), path, "s", MADE_OF))
    assert read_decisions(path) == ENTRIES
    list(recorded(events(0, finished=1), path, "s", MADE_OF))
    assert read_decisions(path) == [*ENTRIES, StudyOpenedEntry("s", MADE_OF, (0,)), *ENTRIES[1:]]


def test_each_line_is_there_as_soon_as_it_is_decided(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    running = recorded(events(), path, "s", MADE_OF)
    next(running)
    next(running)
    assert read_decisions(path) == ENTRIES[:2]


def test_a_line_that_was_cut_off_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(b"".join(entry_line(entry) for entry in ENTRIES) + b'{"number": 3, "wh')
    assert read_decisions(path) == ENTRIES
    list(recorded(iter([opened(1)]), path, "s", MADE_OF))
    assert read_decisions(path) == [*ENTRIES, StudyOpenedEntry("s", MADE_OF)]


@pytest.mark.parametrize("text", ["", "\n", "name: x\n", '{"what": "began"}\n', '{"what": "began", "number": 0}\n'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other").write_text(text)
    with pytest.raises(InputError, match=r"give the decisions\.jsonl of a study"):
        read_decisions(tmp_path / "other")


def test_a_file_that_is_deleted_or_whose_disk_is_full_costs_the_recording_alone(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    seen = []
    for event in recorded(events(), path, "s", MADE_OF):
        seen.append(event)
        path.unlink(missing_ok=True)
    assert [event for event in seen if not isinstance(event, Notice)] == list(events())
    assert [f"{path} was deleted" in event.message for event in seen if isinstance(event, Notice)] == [True]
    with files_of_at_most(100):
        seen = list(recorded(events(), path, "s", MADE_OF))
    assert [event for event in seen if not isinstance(event, Notice)] == list(events())
    assert len(seen) == len(list(events())) + 1
