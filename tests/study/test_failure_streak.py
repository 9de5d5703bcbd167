from pathlib import Path

import pytest

from fxai.protocol import Cause, TrialError, TrialPaths, TrialResult, TrialState
from fxai.study.failure_streak import FAILURES_IN_A_ROW, FailureStreak, pattern_of

ALIKE = [
    ("No such file or directory: '/data/run_0.25/prices.csv'", "No such file or directory: '/data/my run/p.csv'"),
    (r"cannot open C:\runs\a.csv (errno 2)", r"cannot open D:\b.csv (errno 13)"),
    ("learning_rate=1e-05 is too low", "learning_rate=0.0003 is too low"),
    ("value is nan at step 3", "value is -inf at step 12"),
    ("seed -5: CUDA error at 0x7f3aee", "seed 17: CUDA error at 0x55d1"),
    ("no run run_a3f9 of https://host/a/1", "no run run_77bc of https://host/b/2"),
    ("ignored explicit argument 'true'", "ignored explicit argument 'false'"),
]


def failed(message: str) -> TrialResult:
    return TrialResult(0, TrialState.FAIL, 0.0, error=TrialError(Cause.EXCEPTION, message))


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_messages_that_differ_in_numbers_and_paths_have_one_pattern(one: str, other: str) -> None:
    assert pattern_of(one) == pattern_of(other)
    assert pattern_of(one) != pattern_of("the data are gone")


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_a_row_of_similar_failures_is_a_reason(one: str, other: str) -> None:
    streak = FailureStreak(any_finished=True)
    for place in range(FAILURES_IN_A_ROW):
        assert streak.reason is None
        streak.add(failed((one, other)[place % 2]), TrialPaths(Path("trials") / str(place)))
    assert streak.reason is not None
    streak.add(TrialResult(11, TrialState.PRUNED, 0.0), TrialPaths(Path()))
    assert streak.reason is None


@pytest.mark.parametrize("any_finished", [False, True])
def test_failures_of_any_kind_are_a_reason_until_a_trial_has_finished(*, any_finished: bool) -> None:
    streak = FailureStreak(any_finished=any_finished)
    for place in range(3 * FAILURES_IN_A_ROW):
        streak.add(failed(("gone", "burst", "lost")[place % 3]), TrialPaths(Path()))
    assert (streak.reason is None) is any_finished
