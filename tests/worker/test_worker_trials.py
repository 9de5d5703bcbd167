"""Trials of a worker, while the state of the parent and that of the lanes differ for a moment."""

from pathlib import Path

from drive_workers import lane_request
from fxai.protocol import Decision, TrialPaths, TrialState
from fxai.worker.worker_trials import WorkerTrials
from lane_objectives import CounterLanes


class Output:
    """Records the logs to which output was sent."""

    def __init__(self) -> None:
        self.logs: list[Path | None] = []

    def __call__(self, log: Path | None) -> None:
        self.logs.append(log)


def test_a_trial_that_arrives_after_the_lanes_became_fewer_is_returned(tmp_path: Path):
    trials = WorkerTrials(CounterLanes(2), Output())
    trials.admit(lane_request(1, tmp_path))
    trials.admit(lane_request(2, tmp_path, returned_at=1))
    (result,) = trials.advance().results
    assert (result.number, result.state, trials.width) == (2, TrialState.RETURNED, 1)
    trials.admit(lane_request(3, tmp_path))
    message = trials.advance()
    assert [(result.number, result.state) for result in message.results] == [(3, TrialState.RETURNED)]
    assert message.reports == (), "a known result is sent before the lanes train"
    assert trials.numbers == (1,)


def test_lanes_that_raised_take_no_further_trial(tmp_path: Path):
    trials = WorkerTrials(CounterLanes(2), Output())
    trials.admit(lane_request(1, tmp_path, raises_at=1))
    progress = trials.advance()
    assert [result.state for result in progress.results] == [TrialState.FAIL]
    assert not progress.fit
    assert not trials.busy
    trials.admit(lane_request(2, tmp_path))
    assert trials.busy
    assert [result.state for result in trials.advance().results] == [TrialState.RETURNED]
    assert not trials.busy


def test_a_decision_on_an_unknown_trial_is_ignored(tmp_path: Path):
    trials = WorkerTrials(CounterLanes(2), Output())
    for number in (1, 2):
        trials.admit(lane_request(number, tmp_path))
    assert [report.number for report in trials.advance().reports] == [1, 2]
    trials.decide(9, Decision.PRUNE)
    trials.decide(1, Decision.PRUNE)
    (result,) = trials.advance().results
    assert (result.number, result.state) == (1, TrialState.PRUNED)
    assert trials.numbers == (2,)


def test_output_goes_to_a_trials_log_only_if_no_other_trial_fits(tmp_path: Path):
    narrow, wide = Output(), Output()
    trials = WorkerTrials(CounterLanes(3), narrow)
    trials.admit(lane_request(1, tmp_path, seeds=2, refused=True))
    assert narrow.logs == [TrialPaths(tmp_path / "00001").log, None]
    WorkerTrials(CounterLanes(4), wide).admit(lane_request(1, tmp_path, seeds=2))
    assert wide.logs == []
