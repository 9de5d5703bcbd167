"""Lanes of a generator function: a trial continues once its report is answered."""

from collections.abc import Generator
from pathlib import Path

import pytest

from drive_workers import request_for
from fxai.objectives.generator_lanes import GeneratorLanes
from fxai.protocol import Decision, Outcome, Report, Slot, TrialRequest, TrialResult, TrialState


def two_reports(request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
    for step in (1, 2):
        yield Report(request.number, step, float(step), {"at": float(step)})
    return Outcome(3.0)


def opened(folder: Path) -> GeneratorLanes:
    lanes = GeneratorLanes(two_reports, Slot(0))
    lanes.admit(request_for("counts", 1, folder))
    return lanes


def test_a_trial_waits_for_each_decision(tmp_path: Path) -> None:
    lanes = opened(tmp_path)
    for step in (1, 2):
        (report,) = lanes.advance()
        assert isinstance(report, Report)
        assert report.step == step
        assert not lanes.busy
        assert lanes.advance() == ()
        lanes.decide(2, Decision.CONTINUE)  # of another trial
        assert not lanes.busy
        lanes.decide(1, Decision.CONTINUE)
        assert lanes.busy
    (result,) = lanes.advance()
    assert isinstance(result, TrialResult)
    assert (result.state, result.value) == (TrialState.COMPLETE, 3.0)
    assert not lanes.busy


@pytest.mark.parametrize(
    ("decision", "state", "metrics"),
    [(Decision.PRUNE, TrialState.PRUNED, {"at": 1.0}), (Decision.STOP, TrialState.RETURNED, {})],
)
def test_a_decision_ends_a_trial(
    tmp_path: Path, decision: Decision, state: TrialState, metrics: dict[str, float]
) -> None:
    lanes = opened(tmp_path)
    lanes.advance()
    lanes.decide(1, decision)
    (result,) = lanes.advance()
    assert isinstance(result, TrialResult)
    assert (result.state, result.metrics) == (state, metrics)
