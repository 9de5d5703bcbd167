"""Which of the trials that died together killed their worker.

A worker that dies takes its trials with it, and nobody knows whose fault it was. The first time they are
run again as if nothing had happened. When one of them dies again, all that died with it are suspects:
they run in halves, and a half that dies is halved again, until a culprit dies alone. Deaths are few, about
log2 of the company for each culprit, and none of them is held against a trial that was merely there. Each
half is a cohort; that cohorts share no worker, and that one which finds no worker free waits for it, is for
the workers to see to.

What died with the whole run, again and again, is tried in turns: one half with nothing else in flight,
then the other, so that the next death of a run says more than the last.
"""

from collections import deque
from collections.abc import Iterable


class CrashBisection:
    """Who is under suspicion, and apart from whom that runs. Trials are known by their numbers."""

    def __init__(self) -> None:
        self._cohorts: dict[int, int] = {}
        self._latest = 0
        self._turns: deque[frozenset[int]] = deque()

    def cohort(self, number: int) -> int:
        """Trials of different cohorts share no worker; 0 is for all that are not suspected."""
        return self._cohorts.get(number, 0)

    def died(self, numbers: Iterable[int]) -> None:
        """These were on a worker that died, and it was not the first time for all of them."""
        for half in _halves(numbers):
            self._set_apart(half)

    def died_with_the_run(self, numbers: Iterable[int]) -> None:
        """These were running when too many runs died, and others with them."""
        for half in _halves(numbers):
            self._set_apart(half)
            self._turns.append(frozenset(half))

    def ended(self, number: int) -> None:
        """It reached its final state, so that nothing is suspected of it any more."""
        self._cohorts.pop(number, None)
        while self._turns and self._turns[0].isdisjoint(self._cohorts):
            self._turns.popleft()

    def next(self, waiting: Iterable[int]) -> int | None:
        """Which of the waiting trials may begin now, suspects first."""
        return min(filter(self._may_begin, waiting), key=lambda number: number not in self._cohorts, default=None)

    @property
    def keep_others_out(self) -> bool:
        """Whether no trial may begin that is not suspected."""
        return bool(self._turns)

    def _set_apart(self, numbers: Iterable[int]) -> None:
        self._latest += 1
        self._cohorts.update(dict.fromkeys(numbers, self._latest))

    def _may_begin(self, number: int) -> bool:
        return not self._turns or number in self._turns[0]


def _halves(numbers: Iterable[int]) -> list[list[int]]:
    """Two halves, or one part where there is but one number."""
    ordered = sorted(numbers)
    middle = (len(ordered) + 1) // 2
    return [half for half in (ordered[:middle], ordered[middle:]) if half]
