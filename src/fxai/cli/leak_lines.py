"""What `fxai check --leaks` prints about one study."""

from collections.abc import Iterator

import numpy as np
from pydantic import JsonValue

from fxai.formatting import counted, legible
from fxai.market.leaks.findings import LeakFinding, LeakKind
from fxai.study.check_leaks import StudyLeaks

_START = {LeakKind.SUSPICIOUS: "warning: suspicious column", LeakKind.WINDOW: "warning: column"}


def lines_of(leaks: StudyLeaks) -> Iterator[str]:
    """Lines about what was tested and found."""
    if leaks.error is not None:
        yield f"error: {legible(leaks.error)}"
        return
    if leaks.reason is not None:
        yield f"leaks: nothing to test, because {legible(leaks.reason)}"
        return
    report = leaks.report
    called = f", function called {counted(report.calls, 'time')}" if report.calls else ""
    yield f"leaks: {counted(len(report.tested), 'column')} tested{called}, {counted(len(report.findings), 'finding')}"
    yield from map(_line, report.findings)
    yield from (f"note: column {legible(name)} is not tested fully: {reason}" for name, reason in report.untested)


def _line(finding: LeakFinding) -> str:
    start = _START.get(finding.kind, "error: column")
    of = f" of {legible(finding.instrument)}" if finding.instrument else ""
    return f"{start} {legible(finding.column)}{of}: {finding.text}"


def as_json(leaks: StudyLeaks) -> dict[str, JsonValue]:
    """The same as JSON."""
    report = leaks.report
    return {
        "error": leaks.error,
        "reason": leaks.reason,
        "tested": list(report.tested),
        "calls": report.calls,
        "findings": [_finding_as_json(each) for each in report.findings],
        "untested": [{"column": name, "reason": reason} for name, reason in report.untested],
    }


def _finding_as_json(finding: LeakFinding) -> dict[str, JsonValue]:
    return {
        "column": finding.column,
        "instrument": finding.instrument or None,
        "kind": finding.kind.value,
        "severity": "error" if finding.is_error else "warning",
        "text": finding.text,
        "time": None if finding.time is None else str(np.datetime_as_string(finding.time, unit="s")),
        "bars": finding.bars,
        "share": finding.share,
        "share_error": finding.share_error,
    }
