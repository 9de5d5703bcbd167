"""A worker pool with several lanes per worker, in this process. It simulates crashes and late decisions.

The trials are curves instead of trainings. At each update of a worker, all its trials report in one batch.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fxai.pool import Activity, RunningTrial, TrialStarted, WorkerEvent, WorkerLost
from fxai.protocol import Cause, Decision, Report, TrialRequest, TrialResult, TrialState

Curve = Callable[[TrialRequest, int], float]


def by_parameter(request: TrialRequest, step: int) -> float:
    return float(request.params["x"] or 0.0) + step


@dataclass
class Lane:
    trial: RunningTrial
    step: int = 0
    decisions: list[tuple[int, Decision]] = field(default_factory=list)  # with the step at which each arrived

    @property
    def request(self) -> TrialRequest:
        return self.trial.request


class LanePool:
    """`workers` times `width` lanes. Each call of `events` makes one update of one worker.

    A trial of `crashing` kills its worker at its second update. With `late`, a decision takes effect one
    update later, like a decision that arrives after the next report, and a trial's result comes with its last
    report. With `patient`, lanes of a worker continue together, once the reports of all are answered.
    """

    def __init__(
        self,
        workers: int = 1,
        width: int = 4,
        *,
        updates: int = 3,
        curve: Curve = by_parameter,
        crashing: Sequence[int] = (),
        late: bool = False,
        env_steps: int = 0,
        patient: bool = False,
    ) -> None:
        self._lanes: list[dict[int, Lane]] = [{} for _ in range(workers)]
        self._width = width
        self._updates = updates
        self._curve = curve
        self._crashing = frozenset(crashing)
        self._late = late
        self._env_steps = env_steps  # per update
        self._patient = patient
        self._waiting: deque[RunningTrial] = deque()
        self._turn = 0
        self.submitted: list[TrialRequest] = []
        self.deaths: list[tuple[int, ...]] = []
        self.halved_at: set[int] = set()  # updates at which the pool halves its lanes and returns all trials

    @property
    def free_slots(self) -> int:
        room = sum(max(0, self._width - len(lanes)) for lanes in self._lanes)
        return max(0, room - len(self._waiting))

    def submit(self, request: TrialRequest) -> RunningTrial:
        assert self.free_slots
        trial = RunningTrial(request)
        self._waiting.append(trial)
        self.submitted.append(request)
        return trial

    def answer(self, number: int, decision: Decision) -> None:
        for lanes in self._lanes:
            if number in lanes:
                lanes[number].decisions.append((lanes[number].step, decision))
                lanes[number].trial.answered(decision)

    def events(self, timeout: float) -> Sequence[WorkerEvent]:  # noqa: ARG002  # events are made by the call
        happened = self._place()
        worker = self._turn % len(self._lanes)
        self._turn += 1
        if self._turn in self.halved_at:
            return happened + self._give_back()
        return happened + self._update(worker)

    def activity(self) -> Sequence[Activity]:
        return [Activity(index, "cpu", tuple(lanes)) for index, lanes in enumerate(self._lanes)]

    def close(self) -> None:
        self._lanes = []

    def _place(self) -> list[WorkerEvent]:
        """Places trials in their order. A trial of a cohort that no worker has waits for an empty worker."""
        placed: list[WorkerEvent] = []
        while self._waiting:
            cohort = self._waiting[0].request.cohort
            fitting = [worker for worker, lanes in enumerate(self._lanes) if self._takes(lanes, cohort)]
            if not fitting:
                break
            trial = self._waiting.popleft()
            trial.begin(fitting[0])
            inherited = trial.request.inherited
            self._lanes[fitting[0]][trial.number] = Lane(trial, 0 if inherited is None else inherited.step)
            placed.append(TrialStarted(trial.number, fitting[0]))
        return placed

    def _takes(self, lanes: Mapping[int, Lane], cohort: int) -> bool:
        return len(lanes) < self._width and all(lane.request.cohort == cohort for lane in lanes.values())

    def _give_back(self) -> list[WorkerEvent]:
        self._width = max(1, self._width // 2)
        given = [TrialResult(n, TrialState.RETURNED, 0.0) for lanes in self._lanes for n in lanes]
        for lanes in self._lanes:
            lanes.clear()
        return list(given)

    def _update(self, worker: int) -> list[WorkerEvent]:
        lanes = self._lanes[worker]
        if any(lane.step == 1 and number in self._crashing for number, lane in lanes.items()):
            died = tuple(lanes)
            self.deaths.append(died)
            lanes.clear()
            return [WorkerLost(worker, Cause.WORKER_LOST, f"worker {worker} died", died)]
        happened: list[WorkerEvent] = []
        held_up = self._patient and any(lane.trial.waits for lane in lanes.values())
        for number, lane in list(lanes.items()):
            result = self._ended(lane)
            if held_up and (result is None or result.state is TrialState.COMPLETE):
                continue
            if result is None:
                lane.step += 1
                value = self._curve(lane.request, lane.step)
                happened.append(self._report(lane, value))
                result = self._complete(lane) if self._late else None
            if result is not None:
                del lanes[number]
                happened.append(result)
        return happened

    def _report(self, lane: Lane, value: float) -> Report:
        steps = lane.step * self._env_steps
        report = Report(lane.request.number, lane.step, value, {"at": float(lane.step)}, steps)
        lane.trial.reported(report)
        return report

    def _ended(self, lane: Lane) -> TrialResult | None:
        number, delay = lane.request.number, int(self._late)
        heeded = [decision for step, decision in lane.decisions if lane.step >= step + delay]
        if Decision.PRUNE in heeded:
            return TrialResult(number, TrialState.PRUNED, 1.0, metrics={"at": float(lane.step)})
        if Decision.STOP in heeded:
            return TrialResult(number, TrialState.RETURNED, 1.0)
        return self._complete(lane)

    def _complete(self, lane: Lane) -> TrialResult | None:
        if lane.step < self._updates:
            return None
        value = self._curve(lane.request, lane.step)
        return TrialResult(lane.request.number, TrialState.COMPLETE, 1.0, value, {"at": float(lane.step)})
