"""State of the live view after each event."""

import pytest

from fxai.cli.study_view import StudyView, ViewedTrial
from fxai.pool import Activity
from fxai.protocol import Report, TrialResult, TrialState
from fxai.study.events import (
    Heartbeat,
    Notice,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    TrialSetAside,
)

OPENED = StudyOpened("fx_ai_quick", "maximize", "mean_reward", workers=2, progress=StudyProgress(total=10))


def view_after(*events: StudyEvent, opened: StudyOpened = OPENED, now: float = 100.0) -> StudyView:
    view = StudyView.of(opened, 0.0)
    for event in events:
        view = view.after(event, now)
    return view


def finished(number: int, seconds: float = 4.0, **counts: int) -> TrialFinished:
    result = TrialResult(number, TrialState.COMPLETE, seconds, value=1.0)
    return TrialFinished(result, {}, StudyProgress(total=10, **counts), best=False)


def test_a_trial_runs_from_its_beginning_to_its_end() -> None:
    began = TrialBegan(3, 0, {"training.gamma": 0.9})
    assert view_after(began).running[3].params == {"training.gamma": 0.9}
    assert not view_after(began, finished(3, complete=1)).running


def test_the_newest_trial_is_the_one_that_began_last() -> None:
    assert view_after().newest is None
    assert view_after(TrialBegan(4, 0, {}), TrialBegan(3, 1, {})).newest == ViewedTrial(3, 1, {}, began=100.0)
    assert view_after(TrialBegan(3, 0, {}), TrialBegan(4, 0, {}), finished(4)).newest == ViewedTrial(
        3, 0, {}, began=100.0
    )


def test_a_report_moves_its_trial_and_not_the_others() -> None:
    view = view_after(TrialBegan(0, 0, {}), TrialBegan(1, 0, {}), TrialProgressed(Report(0, 20, 0.5), pruned=False))
    assert (view.running[0].step, view.running[0].value) == (20, 0.5)
    assert view.running[1].step is None


def test_a_late_report_of_an_ended_trial_changes_nothing() -> None:
    before = view_after(TrialBegan(0, 0, {}), TrialRequeued(0, "worker lost"))
    assert before.after(TrialProgressed(Report(0, 20, 0.5), pruned=False), 1.0) == before


def test_a_member_that_is_set_aside_does_not_run_until_it_goes_on() -> None:
    view = view_after(TrialBegan(0, 0, {"x": 1.0}), TrialSetAside(0))
    assert not view.running
    assert view.after(TrialBegan(0, 0, {"x": 2.0}, is_continued=True), 1.0).running[0].params == {"x": 2.0}


def test_a_requeued_trial_no_longer_runs_and_is_not_counted() -> None:
    view = view_after(TrialBegan(0, 0, {}), TrialRequeued(0, "worker lost"))
    assert not view.running
    assert view.ended_here == 0


def test_the_standing_is_the_newest_one() -> None:
    assert view_after(finished(0, complete=1), finished(1, complete=1, pruned=1)).progress.finished == 2


def test_a_heartbeat_updates_the_workers() -> None:
    activity = (Activity(0, "cpu", (1,)),)
    assert view_after(Heartbeat(activity)).activity == activity


def test_events_leave_an_earlier_view_as_it_was() -> None:
    first = view_after(TrialBegan(0, 0, {}))
    first.after(finished(0, complete=1), 1.0)
    assert 0 in first.running


def test_a_notice_changes_nothing() -> None:
    assert view_after(Notice("hello")) == view_after()


def test_no_estimate_before_a_trial_has_ended_in_this_run() -> None:
    resumed = StudyOpened("s", "maximize", "m", workers=2, progress=StudyProgress(total=10, complete=5))
    assert view_after(TrialBegan(5, 0, {}), opened=resumed).seconds_left(200.0) is None


def test_the_estimate_shares_the_trials_that_are_left_among_the_workers() -> None:
    view = view_after(finished(0, seconds=4.0, complete=1), finished(1, seconds=8.0, complete=2))
    assert view.seconds_left(100.0) == pytest.approx(8 * 6.0 / 2)


def test_the_estimate_counts_what_running_trials_have_behind_them() -> None:
    view = view_after(finished(0, seconds=4.0, complete=1), TrialBegan(1, 0, {}), now=100.0)
    assert view.seconds_left(103.0) == pytest.approx((9 * 4.0 - 3.0) / 2)
    assert view.seconds_left(900.0) == pytest.approx((9 * 4.0 - 4.0) / 2)


def test_the_last_trial_is_not_shared_among_idle_workers() -> None:
    view = view_after(finished(0, seconds=4.0, complete=9))
    assert view.seconds_left(100.0) == pytest.approx(4.0)


def test_a_complete_study_has_no_seconds_left() -> None:
    assert view_after(finished(0, complete=10)).seconds_left(100.0) == 0
