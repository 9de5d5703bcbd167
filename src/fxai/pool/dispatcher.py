"""Assigns submitted trials to workers, and holds the trials that wait for room."""

from collections import Counter, deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from fxai.pool.running_trials import RunningTrial
from fxai.protocol import TrialRequest

LANES_PER_STEP = 4  # stepping so many lanes takes about as long as the fixed cost of a pack's step


@dataclass(frozen=True, slots=True)
class WorkerCapacity:
    """The trials of a worker, and how many lanes it may hold."""

    requests: Sequence[TrialRequest] = ()
    width: int | None = None  # lanes; None until the worker has sent its width
    open: bool = True  # False: the worker takes no further trial

    def room(self, seeds: int) -> int:
        """Number of further trials with `seeds` seeds each. An empty worker takes at least one."""
        if not self.open:
            return 0
        used = sum(len(request.seeds) for request in self.requests)
        return max(((self.width or 0) - used) // seeds, 0 if used else 1)

    def takes(self, request: TrialRequest) -> bool:
        """Whether the worker has room for the trial and has only trials of its cohort."""
        return self.room(len(request.seeds)) > 0 and all(other.cohort == request.cohort for other in self.requests)

    def load_with(self, request: TrialRequest) -> float:
        """Relative cost of one step of all the worker's packs with that trial added: 1 + lanes / 4 for each pack."""
        lanes: Counter[str] = Counter()
        for other in (*self.requests, request):
            lanes[other.signature] += len(other.seeds)
        return sum(1 + count / LANES_PER_STEP for count in lanes.values())


class TrialDispatcher:
    """The trials that wait for room, in the order in which they were submitted.

    A trial goes to the worker whose load is smallest with the trial added, and to the first of several such workers.
    So a trial joins a pack of its signature where there is one, and a new pack begins on the worker with the smallest
    load. A trial does not go to a worker with trials of another cohort. If no worker may take a cohort, the worker
    with the fewest trials is reserved for it: it takes no other trials until it is empty. A worker that has not sent
    its width yet counts as wide as the narrowest worker that has.
    """

    def __init__(self, seeds_per_trial: int = 1) -> None:
        self._seeds_per_trial = seeds_per_trial
        self._waiting: deque[RunningTrial] = deque()

    def add(self, trial: RunningTrial) -> None:
        self._waiting.append(trial)

    def put_back(self, trials: Sequence[RunningTrial]) -> None:
        """Add trials before those that wait."""
        self._waiting.extendleft(reversed(trials))

    def free(self, workers: Sequence[WorkerCapacity]) -> int:
        """Number of trials that may still be submitted: the workers' room less the trials that wait."""
        workers = _with_widths(workers)
        reserved = self._reserved(workers)
        unreserved = [capacity for index, capacity in enumerate(workers) if index not in reserved]
        room = sum(capacity.room(self._seeds_per_trial) for capacity in unreserved)
        return max(0, room - len(self._waiting))

    @property
    def has_waiting(self) -> bool:
        """Whether trials wait for room. Without one, `take` need not be called with the capacities of all workers."""
        return bool(self._waiting)

    def take(self, workers: Sequence[WorkerCapacity]) -> tuple[int, RunningTrial] | None:
        """Remove and return the first waiting trial that a worker takes, with the worker's index. None without one."""
        workers = _with_widths(workers)
        reserved: dict[int, int] = {}
        for trial in self._waiting:
            request = trial.request
            index = _best_worker(workers, _unreserved(workers, reserved), request)
            if index is not None:
                self._waiting.remove(trial)
                return index, trial
            self._reserve_one(request.cohort, workers, reserved)
        return None

    def _reserved(self, workers: Sequence[WorkerCapacity]) -> dict[int, int]:
        """The reserved workers by their indices, each with its cohort."""
        reserved: dict[int, int] = {}
        for trial in self._waiting:
            self._reserve_one(trial.request.cohort, workers, reserved)
        return reserved

    def _reserve_one(self, cohort: int, workers: Sequence[WorkerCapacity], reserved: dict[int, int]) -> None:
        """Reserve a worker for the cohort if the cohort has none."""
        cohort_has_worker = any(other.cohort == cohort for capacity in workers for other in capacity.requests[:1])
        others = _unreserved(workers, reserved)
        if others and not cohort_has_worker and cohort not in reserved.values():
            reserved[min(others, key=lambda index: len(workers[index].requests))] = cohort


def _best_worker(workers: Sequence[WorkerCapacity], indices: Iterable[int], request: TrialRequest) -> int | None:
    """The worker whose load is smallest with the trial added, the first of several; None if no worker takes it.

    The load of an empty worker is smaller than that of any worker with trials, so the others need not be compared.
    """
    fitting: list[int] = []
    for index in indices:
        if workers[index].takes(request):
            if not workers[index].requests:
                return index
            fitting.append(index)
    return min(fitting, key=lambda index: workers[index].load_with(request), default=None)


def _unreserved(workers: Sequence[WorkerCapacity], reserved: Container[int]) -> list[int]:
    return [index for index in range(len(workers)) if index not in reserved]


def _with_widths(workers: Sequence[WorkerCapacity]) -> list[WorkerCapacity]:
    """The workers with the smallest known width where the width is not known."""
    known = [capacity.width for capacity in workers if capacity.width is not None]
    smallest = min(known, default=None)
    return [replace(capacity, width=smallest) if capacity.width is None else capacity for capacity in workers]
