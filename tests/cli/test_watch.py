"""The three ways to watch a study, on a stream of events."""

import io
from collections.abc import Iterator
from datetime import datetime

import pytest
from rich.console import Console

from fxai.cli.watch import choose_watch, watch_live, watch_plainly, watch_quietly
from fxai.cli.watch_fresh_trainings import watch_fresh_trainings
from fxai.pool import Activity
from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState
from fxai.study.events import (
    FreshTrainingsProgressed,
    Heartbeat,
    Notice,
    StudyEnded,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
)

ENDED = StudyEnded("s", StudyProgress(total=2, complete=1, failed=1, best_trial=0, best_value=0.5), seconds=8.0)
EVENTS = (
    StudyOpened("s", "maximize", "mean_reward", 1, StudyProgress(total=2)),
    TrialBegan(0, 0, {"training.gamma": 0.97}),
    Heartbeat((Activity(0, "cpu", (0,), 10),)),
    TrialProgressed(Report(0, 10, 0.25), pruned=False),
    TrialFinished(
        TrialResult(0, TrialState.COMPLETE, 4.0, value=0.5),
        {"training.gamma": 0.97},
        StudyProgress(total=2, complete=1, best_trial=0, best_value=0.5),
        best=True,
    ),
    TrialBegan(1, 0, {"training.gamma": 0.99}),
    TrialFinished(
        TrialResult(1, TrialState.FAIL, 4.0, error=TrialError(Cause.EXCEPTION, "boom\x1b[31m\nsecond line")),
        {"training.gamma": 0.99},
        ENDED.progress,
        best=False,
    ),
    Notice("a long notice " + 20 * "that goes on "),
    ENDED,
)


def console_of(*, terminal: bool, width: int = 80) -> Console:
    return Console(
        file=io.StringIO(), width=width, height=30, force_terminal=terminal, highlight=False, _environ={"TERM": "xterm"}
    )


def written_to(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_plain_lines_have_no_escape_codes_and_do_not_wrap() -> None:
    console = console_of(terminal=False)
    assert watch_plainly(EVENTS, console) is ENDED
    written = written_to(console)
    assert "\x1b" not in written
    assert "\r" not in written
    times, lines = zip(*(line.split(" ", 1) for line in written.splitlines()), strict=True)
    assert all(datetime.fromisoformat(time).tzinfo is not None for time in times)
    assert len(lines) == 7
    assert lines[1] == "Trial 0 began: training.gamma=0.97"
    assert lines[4].startswith("Trial 1 failed: boom")
    assert lines[5].endswith("that goes on ")
    assert lines[6] == "Writing the study's files and plots ..."


def test_lines_are_written_as_they_happen() -> None:
    console = console_of(terminal=False)
    seen = []

    def events() -> Iterator[StudyEvent]:
        for event in EVENTS:
            seen.append(written_to(console).count("\n"))
            yield event

    watch_plainly(events(), console)
    assert seen == [0, 1, 2, 2, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("width", [80, 120])
def test_the_live_view_leaves_only_incidents_behind(width: int) -> None:
    console = console_of(terminal=True, width=width)
    clock = iter(range(100))
    assert watch_live(EVENTS, console, lambda: float(next(clock))) is ENDED
    written = written_to(console)
    assert "[Progress]" in written
    assert "Trial 1 failed: boom" in written
    assert "boom\x1b[31m" not in written
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1  # the cursor is back


def test_the_live_view_draws_few_frames_in_a_burst_of_events() -> None:
    console = console_of(terminal=True)
    watch_live([EVENTS[0], *100 * [EVENTS[2]], ENDED], console, lambda: 0.0)
    assert written_to(console).count("[Progress]") <= 2  # Rich draws once more as it ends


def test_the_cursor_is_restored_after_an_error() -> None:
    def events() -> Iterator[StudyEvent]:
        yield EVENTS[0]
        raise OSError("disk full")

    console = console_of(terminal=True)
    with pytest.raises(OSError, match="disk full"):
        watch_live(events(), console)
    assert written_to(console).count("\x1b[?25h") == 1


def test_quiet_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert watch_quietly(EVENTS) is ENDED
    assert capfd.readouterr() == ("", "")


def test_quiet_prints_warnings_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert watch_quietly([Notice("the folder is renamed", warns=True), *EVENTS]) is ENDED
    assert tuple(capfd.readouterr()) == ("", "Warning: the folder is renamed\n")


def test_a_stream_that_breaks_off_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="ended without StudyEnded"):
        watch_quietly(EVENTS[:3])


@pytest.mark.parametrize(
    ("terminal", "quiet", "cursor", "lines"), [(True, False, 1, 1), (False, False, 0, 1), (True, True, 0, 0)]
)
def test_the_console_decides(*, terminal: bool, quiet: bool, cursor: int, lines: int) -> None:
    console = console_of(terminal=terminal)
    choose_watch(console, quiet=quiet)(EVENTS)
    written = written_to(console)
    assert written.count("\x1b[?25l") == cursor
    assert written.count("Trial 1 failed") == lines


@pytest.mark.parametrize(("terminal", "quiet"), [(True, False), (True, True), (False, False)])
def test_trainings_on_fresh_seeds_show_a_bar_on_a_terminal(
    capfd: pytest.CaptureFixture[str], *, terminal: bool, quiet: bool
) -> None:
    console = console_of(terminal=terminal)
    clock = iter(range(100))
    events: list[StudyEvent] = [FreshTrainingsProgressed("Verdict", 4, 16), Notice("a training failed", warns=True)]
    watch_fresh_trainings(events, console, quiet=quiet, clock=lambda: float(next(clock)))
    assert ("25% of 16 trainings" in written_to(console)) == (terminal and not quiet)
    assert "a training failed" in capfd.readouterr().err
