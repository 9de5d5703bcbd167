"""A tracker that hangs, exits or falls behind is stopped with one message, without blocking."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fxai.protocol.tracker_messages import TrackerWelcome
from fxai.tracking import StudyMessage, TrackerProcess, TrialEndedMessage, tracker_process
from fxai.tracking.trackers import tracker_environment
from small_story import heard, opening, report
from worker_process import words_of

END_OF_TRIAL = StudyMessage(trial_ended=TrialEndedMessage(0, "complete", 0.5))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Start = Callable[[str], TrackerProcess]


@pytest.fixture
def start(tmp_path: Path, clock: Clock) -> Iterator[Start]:
    """Starts one of the odd trackers."""
    started: list[TrackerProcess] = []

    def begin(way: str) -> TrackerProcess:
        log = tmp_path / "tracking.log"
        welcome = TrackerWelcome(way, {}, tmp_path)
        started.append(
            TrackerProcess("Odd", welcome, log, tracker_environment(os.environ), module="odd_tracker", clock=clock)
        )
        return started[-1]

    yield begin
    for tracker in started:
        tracker.close()


def wait_for(text: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while text not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def first_notices(tracker: TrackerProcess) -> list[str]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if notices := list(tracker.poll()):
            return notices
        tracker.wait(0.1)
    raise AssertionError("the tracker said nothing")


def test_processed_messages_are_not_outstanding(start: Start) -> None:
    tracker = start("works")
    for line in (opening(), report(0, 1, 0.5), END_OF_TRIAL):
        tracker.send(line)
    assert tracker.outstanding
    assert heard(tracker) == []
    tracker.stop_if_unfinished(60)
    assert list(tracker.poll()) == []


def test_a_hanging_tracker_is_stopped_after_a_minute_with_its_stack(start: Start, clock: Clock, tmp_path: Path) -> None:
    tracker = start("hangs")
    clock.now = 1000.0  # nothing to do is no hanging
    tracker.send(opening())
    assert list(tracker.poll()) == []
    clock.now += tracker_process.STALL_SECONDS - 1
    wait_for("now it hangs", tmp_path / "tracking.log")
    assert list(tracker.poll()) == []
    clock.now += 2
    (notice,) = tracker.poll()
    assert notice.startswith("Odd has made no progress for 60 s and is stopped")
    assert str(tmp_path / "tracking.log") in notice
    tracker.send(opening())
    clock.now += 1000
    assert list(tracker.poll()) == []
    tracker.close()
    assert "odd_tracker.py" in (tmp_path / "tracking.log").read_text()


def tracker_supervisor() -> psutil.Process:
    """Of the tracker; this process may have children of other tests, such as the driver of a Ray cluster."""
    until = time.monotonic() + 120
    while True:  # a program that has just been started has no command line for a moment
        lines = ((each, " ".join(words_of(each))) for each in psutil.Process().children())
        found = [each for each, line in lines if "supervisor.py" in line and "fxai.pool.ray.driver" not in line]
        if found or time.monotonic() > until:
            break
        time.sleep(0.01)
    (supervisor,) = found
    return supervisor


def test_a_suspended_tracker_is_killed(start: Start, clock: Clock) -> None:
    tracker = start("works")
    tracker.send(opening())
    assert heard(tracker) == []
    supervisor = tracker_supervisor()
    (child,) = supervisor.children()
    child.send_signal(signal.SIGSTOP)
    tracker.send(opening())
    clock.now += tracker_process.STALL_SECONDS + 1
    assert len(tracker.poll()) == 1
    tracker.close()
    assert not child.is_running()


def test_a_tracker_that_exits_has_one_notice(start: Start) -> None:
    tracker = start("dies")
    tracker.send(opening())
    (notice,) = first_notices(tracker)
    assert notice.startswith("Odd ended unexpectedly")
    for _ in range(3):
        tracker.send(opening())
        assert list(tracker.poll()) == []


def test_a_tracker_with_invalid_messages_is_stopped(start: Start) -> None:
    (notice,) = first_notices(start("babbles"))
    assert notice.startswith("Odd sent a line that is no message")


def test_a_tracker_that_falls_behind_is_stopped(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_process, "MOST_UNSENT_BYTES", 1_000_000)
    tracker = start("hangs")
    notices: list[str] = []
    for step in range(30_000):
        tracker.send(report(0, step, 0.5))
        notices += tracker.poll()
    (notice,) = notices
    assert notice.startswith("Odd does not keep up with the study and is stopped")


def test_messages_outstanding_after_the_end_are_dropped(start: Start) -> None:
    tracker = start("hangs")
    tracker.send(END_OF_TRIAL)
    tracker.stop_if_unfinished(60)
    (notice,) = tracker.poll()
    assert notice.startswith(
        "Odd had not finished 60 s after the end of the study, with 1 trial not recorded, and is stopped"
    )
    assert not tracker.outstanding


def test_a_tracker_that_cannot_start_has_a_notice(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    tracker = TrackerProcess("Odd", TrackerWelcome("works", {}, tmp_path), tmp_path / "logs" / "odd.log", os.environ)
    tracker.send(opening())
    (notice,) = tracker.poll()
    assert notice.startswith("Odd cannot be started")
    tracker.close()


def test_ctrl_c_in_the_terminal_does_not_reach_it(start: Start) -> None:
    start("works")
    supervisor = tracker_supervisor()
    assert os.getsid(supervisor.pid) == supervisor.pid != os.getsid(0)
