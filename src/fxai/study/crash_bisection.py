"""Finds the trial that crashes its worker, by running the trials that were lost with it in halves.

A worker that crashes loses all its trials, and the crash does not show which trial caused it. After the first crash
the trials are run again together. If one of them is lost again, all trials that were lost with it run in halves. A
half that is lost is halved again, until the crashing trial is alone. That takes about log2(n) crashes for n trials,
and no other trial is counted as failed. Each half is a cohort. The pool gives trials of different cohorts to different
workers.

Trials that were running each time when too many runs were killed are run in turns: one half while no other trial runs,
then the other half.
"""

from collections import deque
from collections.abc import Iterable


class CrashBisection:
    """The trials that may have crashed a worker, by their numbers, and their cohorts."""

    def __init__(self) -> None:
        self._cohorts: dict[int, int] = {}
        self._latest = 0
        self._turns: deque[frozenset[int]] = deque()

    def cohort(self, number: int) -> int:
        """Trials of different cohorts share no worker; 0 is the cohort of all other trials."""
        return self._cohorts.get(number, 0)

    def worker_lost(self, numbers: Iterable[int]) -> None:
        """Note the trials of a worker that crashed. At least one of them was lost before."""
        for half in _halves(numbers):
            self._set_apart(half)

    def runs_lost(self, numbers: Iterable[int]) -> None:
        """Note the trials that were running each time when too many runs were killed."""
        for half in _halves(numbers):
            self._set_apart(half)
            self._turns.append(frozenset(half))

    def ended(self, number: int) -> None:
        """Remove a trial that has reached its final state from its cohort."""
        self._cohorts.pop(number, None)
        while self._turns and self._turns[0].isdisjoint(self._cohorts):
            self._turns.popleft()

    def next(self, waiting: Iterable[int]) -> int | None:
        """The waiting trial to begin next: first those that may have crashed a worker."""
        return min(filter(self._may_begin, waiting), key=lambda number: number not in self._cohorts, default=None)

    @property
    def is_active(self) -> bool:
        """Whether trials are set apart, so that not every worker takes every trial."""
        return bool(self._cohorts)

    @property
    def others_wait(self) -> bool:
        """Whether all other trials have to wait."""
        return bool(self._turns)

    def _set_apart(self, numbers: Iterable[int]) -> None:
        self._latest += 1
        self._cohorts.update(dict.fromkeys(numbers, self._latest))

    def _may_begin(self, number: int) -> bool:
        return not self._turns or number in self._turns[0]


def _halves(numbers: Iterable[int]) -> list[list[int]]:
    """The numbers in two halves, or in one part if there is only one number."""
    ordered = sorted(numbers)
    middle = (len(ordered) + 1) // 2
    return [half for half in (ordered[:middle], ordered[middle:]) if half]
