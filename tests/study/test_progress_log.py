"""Records of a study in Python's log."""

import logging

import pytest

from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState
from fxai.study.events import (
    Heartbeat,
    StudyEnded,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
)
from fxai.study.progress_log import speaking_logger, watch_in_log

STANDING = StudyProgress(total=2, complete=1, best_trial=0, best_value=0.5)
ENDED = StudyEnded("s", STANDING, seconds=1.0)
COMPLETE = TrialResult(0, TrialState.COMPLETE, 1.0, value=0.5, metrics={"sharpe": 2.0})
FAILED = TrialResult(1, TrialState.FAIL, 1.0, error=TrialError(Cause.EXCEPTION, "no bars", "Traceback:\n  boom"))
EVENTS = (
    TrialBegan(0, 0, {"x": 1.0}),
    TrialProgressed(Report(0, 5, 0.25, {"sharpe": 1.5}), pruned=False),
    Heartbeat(()),
    TrialFinished(COMPLETE, {}, STANDING, best=True),
    TrialFinished(FAILED, {}, STANDING, best=False),
    ENDED,
)


def test_trials_are_logged_at_info_and_reports_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "a search")
    assert watch_in_log(logging.getLogger("a search"))(EVENTS) == ENDED
    told = {level: [each.message for each in caplog.records if each.levelno == level] for level in (10, 20, 30)}
    assert told[logging.INFO] == ["Trial 0 began: x=1", "Trial 0 complete: 0.5 in 1.0s (1/2, best so far)"]
    assert told[logging.WARNING] == ["Trial 1 failed: no bars (1/2)"]
    assert told[logging.DEBUG] == [
        "Trial 0 at step 5: 0.25; sharpe=1.5",
        "Trial 0 has sharpe=2",
        "Traceback:",
        "  boom",
    ]


def test_shares_are_shown_in_percent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "returns")
    result = TrialResult(0, TrialState.COMPLETE, 1.0, value=0.5, metrics={"total_return": 0.5, "sharpe": 2.0})
    events = (
        StudyOpened("s", "maximize", "total_return", 1, StudyProgress(total=2), trading=True),
        TrialProgressed(Report(0, 5, 0.25, {"total_return": 0.25, "max_drawdown": 0.125}), pruned=False),
        TrialFinished(result, {}, STANDING, best=True),
        ENDED,
    )
    watch_in_log(logging.getLogger("returns"))(events)
    assert [each.message for each in caplog.records][1:] == [
        "Trial 0 at step 5: 25 %; total_return=25 %, max_drawdown=12.5 %",
        "Trial 0 complete: 50 % in 1.0s (1/2, best so far)",
        "Trial 0 has total_return=50 %, sharpe=2",
    ]


def test_events_without_an_end_are_an_internal_error() -> None:
    with pytest.raises(RuntimeError, match="without a StudyEnded event"):
        watch_in_log(logging.getLogger("a search"))(EVENTS[:2])


def test_a_logger_without_handlers_writes_to_the_current_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as in a program that has set up no logging
    logger = speaking_logger("speaks")
    logger.debug("low")
    logger.info("as it is")
    assert capsys.readouterr().err == "as it is\n"
    logging.getLogger("speaks").setLevel(logging.DEBUG)
    assert speaking_logger("speaks") is logger
    logger.debug("low")
    assert capsys.readouterr().err == "low\n"
    logging.getLogger("set before").setLevel(logging.ERROR)
    assert speaking_logger("set before").level == logging.ERROR


def test_a_logger_gets_no_handler_if_the_program_configures_logging(caplog: pytest.LogCaptureFixture) -> None:
    assert speaking_logger("somebody's").handlers == []
