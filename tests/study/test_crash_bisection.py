"""Who is run apart from whom after a death."""

import math

from hypothesis import given
from hypothesis import strategies as st

from fxai.study.crash_bisection import CrashBisection


def deaths(bisection: CrashBisection, cohort: list[int], culprits: set[int]) -> dict[int, int]:
    """Run a cohort, and what its deaths make of it: how often each culprit's company died until it was alone."""
    guilty = culprits.intersection(cohort)
    if len(cohort) == 1 or not guilty:
        return dict.fromkeys(guilty, 1)
    bisection.worker_lost(cohort)
    halves: dict[int, list[int]] = {}
    for number in cohort:
        halves.setdefault(bisection.cohort(number), []).append(number)
    assert 0 not in halves
    assert len(halves) == 2
    below: dict[int, int] = {}
    for half in halves.values():
        below |= deaths(bisection, half, culprits)
    return {number: 1 + count for number, count in below.items()}


@given(size=st.integers(2, 70), culprits=st.sets(st.integers(0, 69)))
def test_every_culprit_is_alone_in_the_end_after_few_deaths(size: int, culprits: set[int]) -> None:
    bisection = CrashBisection()
    found = deaths(bisection, list(range(size)), culprits)
    assert set(found) == {number for number in culprits if number < size}
    assert all(count <= math.ceil(math.log2(size)) + 1 for count in found.values())


def test_nobody_is_suspected_at_first_nor_once_it_ended() -> None:
    bisection = CrashBisection()
    assert bisection.cohort(3) == 0
    bisection.worker_lost([3, 4])
    assert bisection.cohort(3) != bisection.cohort(4) != 0
    bisection.ended(3)
    assert bisection.cohort(3) == 0
    assert bisection.cohort(4) != 0


def test_suspects_go_first_the_others_in_their_order() -> None:
    bisection = CrashBisection()
    assert bisection.next([5, 2, 7]) == 5
    assert bisection.next([]) is None
    bisection.worker_lost([7])
    assert bisection.next([5, 2, 7]) == 7
    assert not bisection.others_wait


def test_what_died_with_the_run_is_tried_in_turns() -> None:
    bisection = CrashBisection()
    bisection.runs_lost([1, 2, 3])
    assert bisection.next([9, 3, 2, 1]) == 2
    assert bisection.next([9, 3]) is None
    assert bisection.others_wait
    bisection.worker_lost([1, 2])  # a worker, not the run: the turn goes on
    assert bisection.cohort(1) != bisection.cohort(2)
    bisection.ended(1)
    assert bisection.next([9, 3]) is None
    bisection.ended(2)
    assert bisection.next([9, 3]) == 3
    bisection.ended(3)
    assert bisection.next([9]) == 9
    assert not bisection.others_wait
