"""Cohorts of the trials of crashed workers."""

import math

from hypothesis import given
from hypothesis import strategies as st

from fxai.study.crash_bisection import CrashBisection


def crashes(bisection: CrashBisection, cohort: list[int], crashing: set[int]) -> dict[int, int]:
    """Run a cohort and its halves until each crashing trial is alone. Returns the number of crashes by trial."""
    found = crashing.intersection(cohort)
    if len(cohort) == 1 or not found:
        return dict.fromkeys(found, 1)
    bisection.worker_lost(cohort)
    halves: dict[int, list[int]] = {}
    for number in cohort:
        halves.setdefault(bisection.cohort(number), []).append(number)
    assert 0 not in halves
    assert len(halves) == 2
    below: dict[int, int] = {}
    for half in halves.values():
        below |= crashes(bisection, half, crashing)
    return {number: 1 + count for number, count in below.items()}


@given(size=st.integers(2, 70), crashing=st.sets(st.integers(0, 69)))
def test_each_crashing_trial_is_isolated_after_few_crashes(size: int, crashing: set[int]) -> None:
    bisection = CrashBisection()
    found = crashes(bisection, list(range(size)), crashing)
    assert set(found) == {number for number in crashing if number < size}
    assert all(count <= math.ceil(math.log2(size)) + 1 for count in found.values())


def test_a_trial_has_a_cohort_between_its_crash_and_its_end() -> None:
    bisection = CrashBisection()
    assert bisection.cohort(3) == 0
    bisection.worker_lost([3, 4])
    assert bisection.cohort(3) != bisection.cohort(4) != 0
    bisection.ended(3)
    assert bisection.cohort(3) == 0
    assert bisection.cohort(4) != 0


def test_trials_of_crashed_workers_run_before_others() -> None:
    bisection = CrashBisection()
    assert bisection.next([5, 2, 7]) == 5
    assert bisection.next([]) is None
    bisection.worker_lost([7])
    assert bisection.next([5, 2, 7]) == 7
    assert not bisection.others_wait


def test_trials_of_killed_runs_run_in_turns() -> None:
    bisection = CrashBisection()
    bisection.runs_lost([1, 2, 3])
    assert bisection.next([9, 3, 2, 1]) == 2
    assert bisection.next([9, 3]) is None
    assert bisection.others_wait
    bisection.worker_lost([1, 2])  # a worker, not the run: the turn continues
    assert bisection.cohort(1) != bisection.cohort(2)
    bisection.ended(1)
    assert bisection.next([9, 3]) is None
    bisection.ended(2)
    assert bisection.next([9, 3]) == 3
    bisection.ended(3)
    assert bisection.next([9]) == 9
    assert not bisection.others_wait
