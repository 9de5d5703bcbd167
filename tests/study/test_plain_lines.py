"""Log lines of a study."""

import pytest

from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState
from fxai.study.events import (
    Heartbeat,
    Notice,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialExploited,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    TrialSetAside,
    WorkerReplaced,
)
from fxai.study.plain_lines import incidents_of, lines_of

STANDING = StudyProgress(total=50, complete=4, failed=1)
OPENED = StudyOpened("s", "maximize", "mean_reward", 1, StudyProgress(total=50), trading=True)
OF_RETURNS = StudyOpened("s", "maximize", "total_return", 1, StudyProgress(total=50), trading=True)
COMPLETE = TrialFinished(TrialResult(4, TrialState.COMPLETE, 12.3, value=0.00123), {}, STANDING, best=True)
OF_SEEDS = TrialFinished(
    TrialResult(4, TrialState.COMPLETE, 12.3, value=0.001234, metrics={"standard_error": 0.000213}),
    {},
    STANDING,
    best=False,
)
PRUNED = TrialFinished(TrialResult(4, TrialState.PRUNED, 3.0), {}, STANDING, best=False)
FAILED = TrialFinished(
    TrialResult(5, TrialState.FAIL, 3.0, error=TrialError(Cause.OUT_OF_MEMORY, "CUDA out of memory")),
    {},
    STANDING,
    best=False,
)


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (
            StudyOpened("s", "maximize", "mean_reward", 1, StudyProgress(total=50)),
            ["Study s: maximize mean_reward, 50 trials, 1 worker"],
        ),
        (
            StudyOpened("s", "minimize", "m", 2, StudyProgress(total=50, complete=7), retried=(7, 8)),
            [
                "Study s: minimize m, 50 trials, 2 workers",
                "Resumed: 7 of 50 trials are finished",
                "Unfinished trials of the last run, to be run again: 7, 8",
            ],
        ),
        (TrialBegan(4, 0, {"a": 1, "b": 0.25}), ["Trial 4 began: a=1, b=0.25"]),
        (TrialBegan(4, 2, {"a": 1}), ["Trial 4 began (attempt 3): a=1"]),
        (COMPLETE, ["Trial 4 complete: 0.00123 in 12s (5/50, best so far)"]),
        (OF_SEEDS, ["Trial 4 complete: 0.00123 ± 0.00021 in 12s (5/50)"]),
        (PRUNED, ["Trial 4 pruned after 3.0s (5/50)"]),
        (FAILED, ["Trial 5 failed: CUDA out of memory (5/50)"]),
        (TrialRequeued(3, "worker killed"), ["Trial 3 will be run again: worker killed"]),
        (
            WorkerReplaced(1, Cause.NO_PROGRESS, "silent for 600 s"),
            ["Worker 1 is replaced (no progress): silent for 600 s"],
        ),
        (
            WorkerReplaced(1, Cause.WORKER_LOST, "worker 1 was lost with its host a", "a"),
            ["Worker 1 was lost with its host a"],
        ),
        (
            TrialExploited(3, 5, 20, {"training.gamma": 0.99}),
            ["Trial 3 continues from trial 5 at step 20: training.gamma=0.99"],
        ),
        (TrialSetAside(3), []),
        (TrialBegan(3, 0, {"training.gamma": 0.99}, is_continued=True), []),
        (Notice("cut to 2 workers"), ["cut to 2 workers"]),
        (TrialProgressed(Report(1, 10, 0.5), pruned=False), []),
        (Heartbeat(()), []),
    ],
)
def test_lines_of_an_event(event: StudyEvent, lines: list[str]) -> None:
    assert list(lines_of(event, OPENED)) == lines


def test_shares_are_shown_in_percent() -> None:
    assert lines_of(OF_SEEDS, OF_RETURNS) == ("Trial 4 complete: 0.123 ± 0.021 % in 12s (5/50)",)


def test_only_incidents_are_printed_beside_the_live_view() -> None:
    assert incidents_of(FAILED) == lines_of(FAILED, OPENED)
    assert not incidents_of(COMPLETE)
    assert not incidents_of(PRUNED)
    assert not incidents_of(TrialBegan(0, 0, {}))
    assert incidents_of(TrialExploited(3, 5, 20, {}))


def test_a_foreign_message_is_one_line_without_control_codes() -> None:
    (line,) = lines_of(Notice("a\nb\x1b[2Jc"), None)
    assert line.isprintable()
