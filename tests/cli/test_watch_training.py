"""The ways to watch a training in full, on a stream of events."""

import io
from collections.abc import Iterator
from datetime import datetime

import pytest
from rich.console import Console

from fxai.cli.watch_training import TrainingView, training_layout, watch_training
from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState
from fxai.study.events import Notice
from fxai.study.train_agents import TrainingEvent

VIEW = TrainingView("mine", "sharpe", {3: 11, 4: 12}, 20, began=100.0)
EVENTS: tuple[TrainingEvent, ...] = (
    Report(3, 5, 0.25),
    Report(4, 5, 0.75),
    Notice("A worker was lost: \x1b[31mkilled"),
    Report(3, 10, 0.5),
    TrialResult(4, TrialState.FAIL, 4.0, error=TrialError(Cause.NOT_FINITE, "nan at step 6")),
    TrialResult(3, TrialState.COMPLETE, 4.0, value=0.5),
)


def console_of(*, terminal: bool) -> Console:
    return Console(
        file=io.StringIO(), width=90, height=30, force_terminal=terminal, highlight=False, _environ={"TERM": "xterm"}
    )


def shown(view: TrainingView, now: float) -> str:
    console = console_of(terminal=False)
    console.print(training_layout(view, now, console.options))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_it_returns_the_results_and_prints_failures(terminal: bool) -> None:  # noqa: FBT001
    console, ticks = console_of(terminal=terminal), iter(range(100, 200))
    results = watch_training(EVENTS, VIEW, console, quiet=False, clock=lambda: float(next(ticks)))
    assert results == (EVENTS[4], EVENTS[5])
    assert isinstance(console.file, io.StringIO)
    written = console.file.getvalue()
    assert "Seed 12 failed: nan at step 6" in written
    assert "A worker was lost:  [31mkilled" in written
    assert ("Seed 11, update 10 of 20: sharpe 0.5\n" in written) == (not terminal)


def test_quiet_prints_nothing_of_a_training() -> None:
    console = console_of(terminal=False)
    assert len(watch_training(EVENTS, VIEW, console, quiet=True)) == 2
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""


def stages() -> Iterator[TrainingView]:
    view = VIEW
    for event in EVENTS:
        view = view.after(event)
        yield view


def test_the_live_view_shows_each_seed_and_how_far_all_are() -> None:
    first, second, *_, last = stages()
    assert "no report yet" in shown(first, 110.0)
    assert "Mean over 2 of 2 seeds: 0.50 ± 0.25 (error of the seeds alone)" in shown(second, 110.0)
    text = shown(last, 130.0)
    assert "seed 11  update 10  sharpe 0.5" in text
    assert "37% | ETA: 2m 30s" in text  # 5 updates in 30 s since the first report, 25 to go


def test_what_an_earlier_run_reported_counts_for_no_speed() -> None:
    resumed = VIEW.after(Report(3, 15, 0.5)).after(Report(4, 15, 0.5))
    assert resumed.seconds_left(110.0) is None
    assert resumed.after(Report(3, 20, 0.5)).seconds_left(110.0) == pytest.approx(10.0)


def test_custom_code_has_no_progress() -> None:
    view = TrainingView("mine", "score", {0: 1}, None, began=0.0).after(Report(0, 5, 0.5))
    assert "step 5" in shown(view, 1.0)
    assert "%" not in shown(view, 1.0)


def test_shares_read_as_percent() -> None:
    view = TrainingView("mine", "total_return", {0: 1, 1: 2}, 20, began=0.0, trading=True)
    view = view.after(Report(0, 5, 0.25)).after(Report(1, 5, 0.5))
    out = shown(view, 1.0)
    assert "seed 1  update 5  total_return 25 %" in out
    assert "Mean over 2 of 2 seeds: 38 ± 12 %" in out
    console = console_of(terminal=False)
    watch_training((Report(0, 10, 0.25),), view, console, quiet=False)
    assert isinstance(console.file, io.StringIO)
    time, line = console.file.getvalue().split(" ", 1)
    assert datetime.fromisoformat(time).tzinfo is not None
    assert line == "Seed 1, update 10 of 20: total_return 25 %\n"
