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

BASIS: dict[str, JsonValue] = {"seed": 0}


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
    StudyOpenedEntry("s", BASIS),
    TrialBegunEntry(0),
    ReportsDecidedEntry((ReportJudgedEntry(0, 1, 0.1, pruned=False), ReportJudgedEntry(1, 1, 1 / 3, pruned=True))),
    ResultToldEntry(1, TrialState.PRUNED),
    TrialRequeuedEntry(0),
]


def test_recorded_decisions_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "s" / "decisions.jsonl"
    assert list(recorded(events(), path, "s", BASIS)) == list(events())
    assert read_decisions(path) == ENTRIES


def test_a_new_study_replaces_the_file_and_a_resumed_one_appends(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    for _ in range(2):
        list(recorded(events(), path, "s", BASIS))
    assert read_decisions(path) == ENTRIES
    list(recorded(events(0, finished=1), path, "s", BASIS))
    assert read_decisions(path) == [*ENTRIES, StudyOpenedEntry("s", BASIS, (0,)), *ENTRIES[1:]]


def test_each_decision_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    running = recorded(events(), path, "s", BASIS)
    next(running)
    next(running)
    assert read_decisions(path) == ENTRIES[:2]


def test_an_incomplete_last_line_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(b"".join(entry_line(entry) for entry in ENTRIES) + b'{"number": 3, "wh')
    assert read_decisions(path) == ENTRIES
    list(recorded(iter([opened(1)]), path, "s", BASIS))
    assert read_decisions(path) == [*ENTRIES, StudyOpenedEntry("s", BASIS)]


@pytest.mark.parametrize("text", ["", "\n", "name: x\n", '{"what": "began"}\n', '{"what": "began", "number": 0}\n'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other").write_text(text)
    with pytest.raises(InputError, match=r"give the decisions\.jsonl of a study"):
        read_decisions(tmp_path / "other")


def test_a_deleted_file_or_a_full_disk_ends_only_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    seen = []
    for event in recorded(events(), path, "s", BASIS):
        seen.append(event)
        path.unlink(missing_ok=True)
    assert [event for event in seen if not isinstance(event, Notice)] == list(events())
    assert [f"{path} was deleted" in event.message for event in seen if isinstance(event, Notice)] == [True]
    with files_of_at_most(100):
        seen = list(recorded(events(), path, "s", BASIS))
    assert [event for event in seen if not isinstance(event, Notice)] == list(events())
    assert len(seen) == len(list(events())) + 1
