"""Which worker a trial goes to, and which trials wait."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fxai.protocol import TrialRequest

LANES_PER_STEP = 4  # lanes that cost about as much as stepping a pack at all


@dataclass(frozen=True, slots=True)
class WorkerCapacity:
    """What a worker has, and how many lanes it may hold."""

    requests: Sequence[TrialRequest] = ()
    width: int | None = None  # None: it has not said yet
    open: bool = True  # False: it takes no further trial

    def room(self, seeds: int) -> int:
        """Further trials of so many seeds; an empty worker takes at least one."""
        if not self.open:
            return 0
        used = sum(len(request.seeds) for request in self.requests)
        return max(((self.width or 0) - used) // seeds, 0 if used else 1)

    def takes(self, request: TrialRequest) -> bool:
        return self.room(len(request.seeds)) > 0 and all(other.cohort == request.cohort for other in self.requests)

    def load_with(self, request: TrialRequest) -> float:
        """What a turn over all its packs would cost with that trial: 1 + lanes / 4 for each."""
        lanes: Counter[str] = Counter()
        for other in (*self.requests, request):
            lanes[other.signature] += len(other.seeds)
        return sum(1 + count / LANES_PER_STEP for count in lanes.values())


class TrialDispatcher:
    """The trials that wait for room, in the order in which they came.

    A trial goes to the worker whose load is least with it, the first of several: packs grow where they
    are, and new ones begin where there is least to do. It goes to no worker with trials of another
    cohort; while there is none for it, the worker with the fewest trials takes no others, until it is
    empty. Workers that have not told their width are taken for as wide as the narrowest that has.
    """

    def __init__(self, seeds_per_trial: int = 1) -> None:
        self._seeds_per_trial = seeds_per_trial
        self._waiting: deque[TrialRequest] = deque()

    def add(self, request: TrialRequest) -> None:
        self._waiting.append(request)

    def put_back(self, requests: Sequence[TrialRequest]) -> None:
        self._waiting.extendleft(reversed(requests))

    def clear(self) -> None:
        self._waiting.clear()

    def free(self, workers: Sequence[WorkerCapacity]) -> int:
        """Trials that may still come: what there is room for, less those that wait."""
        workers = _with_widths(workers)
        kept = self._kept(workers)
        room = sum(capacity.room(self._seeds_per_trial) for index, capacity in enumerate(workers) if index not in kept)
        return max(0, room - len(self._waiting))

    def take(self, workers: Sequence[WorkerCapacity]) -> tuple[int, TrialRequest] | None:
        """The first waiting trial that some worker takes, with the worker's place; None where there is none."""
        workers = _with_widths(workers)
        kept: dict[int, int] = {}
        for request in self._waiting:
            fitting = [place for place in _but(workers, kept) if workers[place].takes(request)]
            if fitting:
                self._waiting.remove(request)
                return min(fitting, key=lambda place: workers[place].load_with(request)), request
            self._keep_one(request.cohort, workers, kept)
        return None

    def _kept(self, workers: Sequence[WorkerCapacity]) -> dict[int, int]:
        """Workers that are being emptied, each with the cohort that it is kept for."""
        kept: dict[int, int] = {}
        for request in self._waiting:
            self._keep_one(request.cohort, workers, kept)
        return kept

    def _keep_one(self, cohort: int, workers: Sequence[WorkerCapacity], kept: dict[int, int]) -> None:
        cohort_has_worker = any(other.cohort == cohort for capacity in workers for other in capacity.requests[:1])
        others = _but(workers, kept)
        if others and not cohort_has_worker and cohort not in kept.values():
            kept[min(others, key=lambda place: len(workers[place].requests))] = cohort


def _but(workers: Sequence[WorkerCapacity], kept: Iterable[int]) -> list[int]:
    return [place for place in range(len(workers)) if place not in kept]


def _with_widths(workers: Sequence[WorkerCapacity]) -> list[WorkerCapacity]:
    told = [capacity.width for capacity in workers if capacity.width is not None]
    guess = min(told, default=None)
    return [replace(capacity, width=guess) if capacity.width is None else capacity for capacity in workers]
