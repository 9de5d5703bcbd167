"""The state of a running trial, which pool and loop share."""

import math
from pathlib import Path

from drive_workers import request_for
from fxai.pool import RunningTrial
from fxai.protocol import Decision, Report, TrialResult, TrialState, Usage


def test_a_report_waits_until_it_is_answered(tmp_path: Path) -> None:
    trial = RunningTrial(request_for("counts", 1, tmp_path))
    assert not trial.waits
    trial.reported(Report(1, 5, 0.0, env_steps=50))
    assert (trial.waits, trial.step, trial.env_steps) == (True, 5, 50)
    trial.answered(Decision.CONTINUE)
    assert not trial.waits


def test_an_ignored_report_waits_and_changes_no_step(tmp_path: Path) -> None:
    trial = RunningTrial(request_for("counts", 1, tmp_path))
    trial.reported(Report(1, 5, 0.0, env_steps=50))
    trial.reported(Report(1, 0, math.nan, passed_over=True))
    assert (trial.waits, trial.step, trial.env_steps) == (True, 5, 50)


def test_reports_after_a_decision_to_end_do_not_count(tmp_path: Path) -> None:
    trial = RunningTrial(request_for("counts", 1, tmp_path))
    trial.reported(Report(1, 5, 0.0, env_steps=50, derived={"size": 1}))
    trial.answered(Decision.PRUNE)
    trial.reported(Report(1, 6, 0.0, env_steps=60, derived={"size": 2}))
    assert (trial.step, trial.env_steps, trial.derived) == (5, 50, {"size": 1})


def test_a_result_has_at_least_the_usage_of_the_reports(tmp_path: Path) -> None:
    trial = RunningTrial(request_for("counts", 1, tmp_path))
    trial.reported(Report(1, 5, 0.0, env_steps=50, derived={"size": 1}))
    lost = trial.with_reported(TrialResult(1, TrialState.FAIL, 0.0))
    assert (lost.usage.env_steps, lost.derived) == (50, {"size": 1})
    ended = trial.with_reported(TrialResult(1, TrialState.COMPLETE, 0.0, usage=Usage(80), derived={"size": 2}))
    assert (ended.usage.env_steps, ended.derived) == (80, {"size": 2})
