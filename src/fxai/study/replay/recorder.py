"""Writes a study's decisions to a file, from the events of its loop."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fxai.spec.search.fingerprint import Fingerprint
from fxai.study.events import Notice, StudyEvent, StudyOpened, TrialBegan, TrialFinished, TrialProgressed, TrialRequeued
from fxai.study.replay.decisions import (
    Entry,
    ReportJudgedEntry,
    ReportsDecidedEntry,
    ResultToldEntry,
    StudyOpenedEntry,
    TrialBegunEntry,
    TrialRequeuedEntry,
    entry_line,
)


def recorded(events: Iterator[StudyEvent], path: Path, study: str, basis: Fingerprint) -> Iterator[StudyEvent]:
    """The events. Writes their decisions to a file; a resumed study appends to its file.

    If the file cannot be written, the recording ends and the study continues.

    Args:
        events: events of the study's loop.
        path: the file.
        study: the name from which Hyperband draws.
        basis: the part of the spec that decides proposals and prunings (`decisions.basis_of`).
    """
    recorder: _Recorder | None = _Recorder(path, study, basis)
    try:
        for event in events:
            if recorder is not None:
                try:
                    recorder.note(event)
                except OSError as error:
                    recorder.close()
                    recorder = None
                    yield Notice(f"Decisions are no longer recorded, so a replay cannot repeat this run: {error}")
            yield event
    finally:
        if recorder is not None:
            recorder.close()


class _Recorder:
    def __init__(self, path: Path, study: str, basis: Fingerprint) -> None:
        self._path = path
        self._study = study
        self._basis = basis
        self._file: BinaryIO | None = None
        self._together: list[ReportJudgedEntry] = []

    def note(self, event: StudyEvent) -> None:
        match event:
            case StudyOpened(progress=progress, retried=retried):
                self._open(new=not (progress.finished or retried))
                self._write(StudyOpenedEntry(self._study, self._basis, retried))
            case TrialBegan(number):
                self._write(TrialBegunEntry(number))
            case TrialProgressed(report, pruned, together):
                self._together.append(ReportJudgedEntry(report.number, report.step, report.value, pruned))
                if len(self._together) == together:
                    self._write(ReportsDecidedEntry(tuple(self._together)))
                    self._together.clear()
            case TrialFinished(result):
                self._write(ResultToldEntry(result.number, result.state, result.value))
            case TrialRequeued(number):
                self._write(TrialRequeuedEntry(number))

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # on a full disk, the buffered lines cannot be written either
                self._file.close()

    def _open(self, *, new: bool) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        earlier = b"" if new or not self._path.exists() else self._path.read_bytes()
        self._file = self._path.open("ab")
        self._file.truncate(earlier.rfind(b"\n") + 1)  # removes an incomplete line of a killed run

    def _write(self, entry: Entry) -> None:
        if self._file is not None:
            if not os.fstat(self._file.fileno()).st_nlink:
                raise FileNotFoundError(f"{self._path} was deleted")
            self._file.write(entry_line(entry))
            self._file.flush()
