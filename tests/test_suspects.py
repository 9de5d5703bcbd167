"""Who is run apart from whom after a death."""

import math

from hypothesis import given
from hypothesis import strategies as st

from fxai.suspects import Suspects


def deaths(suspects: Suspects, cohort: list[int], culprits: set[int]) -> dict[int, int]:
    """Run a cohort, and what its deaths make of it: how often each culprit's company died until it was alone."""
    guilty = culprits.intersection(cohort)
    if len(cohort) == 1 or not guilty:
        return dict.fromkeys(guilty, 1)
    suspects.died(cohort)
    halves: dict[int, list[int]] = {}
    for number in cohort:
        halves.setdefault(suspects.cohort(number), []).append(number)
    assert 0 not in halves
    assert len(halves) == 2
    below: dict[int, int] = {}
    for half in halves.values():
        below |= deaths(suspects, half, culprits)
    return {number: 1 + count for number, count in below.items()}


@given(size=st.integers(2, 70), culprits=st.sets(st.integers(0, 69)))
def test_every_culprit_is_alone_in_the_end_after_few_deaths(size: int, culprits: set[int]) -> None:
    suspects = Suspects()
    found = deaths(suspects, list(range(size)), culprits)
    assert set(found) == {number for number in culprits if number < size}
    assert all(count <= math.ceil(math.log2(size)) + 1 for count in found.values())


def test_nobody_is_suspected_at_first_nor_once_it_ended() -> None:
    suspects = Suspects()
    assert suspects.cohort(3) == 0
    suspects.died([3, 4])
    assert suspects.cohort(3) != suspects.cohort(4) != 0
    suspects.ended(3)
    assert suspects.cohort(3) == 0
    assert suspects.cohort(4) != 0


def test_suspects_go_first_the_others_in_their_order() -> None:
    suspects = Suspects()
    assert suspects.next([5, 2, 7]) == 5
    assert suspects.next([]) is None
    suspects.died([7])
    assert suspects.next([5, 2, 7]) == 7
    assert not suspects.keep_others_out


def test_what_died_with_the_run_is_tried_in_turns() -> None:
    suspects = Suspects()
    suspects.died_with_the_run([1, 2, 3])
    assert suspects.next([9, 3, 2, 1]) == 2
    assert suspects.next([9, 3]) is None
    assert suspects.keep_others_out
    suspects.died([1, 2])  # a worker, not the run: the turn goes on
    assert suspects.cohort(1) != suspects.cohort(2)
    suspects.ended(1)
    assert suspects.next([9, 3]) is None
    suspects.ended(2)
    assert suspects.next([9, 3]) == 3
    suspects.ended(3)
    assert suspects.next([9]) == 9
    assert not suspects.keep_others_out
