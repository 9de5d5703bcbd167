"""The loop of a study: ask -> submit -> report, prune -> tell.

It owns the study (`Search`) and gives its trials to `Workers`. It yields what happens as events; nobody
prints here. A run that died is a normal case: what it left running comes first when it is started again.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from fxai.errors import InputError
from fxai.search.study import Asked, Search
from fxai.spec.configure import configure
from fxai.spec.study import StudySpec
from fxai.stop_signal import StopSignal, Urgency
from fxai.study_events import (
    Ending,
    Heartbeat,
    Standing,
    StudyEnded,
    StudyEvent,
    StudyOpened,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    WorkerReplaced,
)
from fxai.trial import Cause, Decision, Report, TrialError, TrialPaths, TrialRequest, TrialResult, TrialState
from fxai.workers import TrialEnded, TrialReported, TrialStarted, WorkerEvent, WorkerLost, Workers

FAILURES_IN_A_ROW = 10
_PATIENCE_SECONDS = 0.5  # for the next event, before the loop looks at its stop signal again


def run_study(
    spec: StudySpec, search: Search, workers: Workers, trials_directory: Path, stop: StopSignal
) -> Iterator[StudyEvent]:
    """Bring the study to its `n_trials`, or as far as it may go, and say what happens on the way.

    `search` and `workers` are the caller's to close. A trial that is still running when this ends is
    left RUNNING in the study, to be retried by the next run.
    """
    started = time.monotonic()
    run = _Run(spec, search, workers, trials_directory, stop)
    yield run.opened()
    while stop.urgency < Urgency.NOW:
        run.ending = run.ending or run.early_ending(time.monotonic() - started)
        if run.ending is None:
            yield from run.fill()
        if run.over:
            break
        for event in workers.events(_PATIENCE_SECONDS):
            yield from run.handle(event)
        search.flush()
        yield Heartbeat(workers.activity())
    yield run.ended(time.monotonic() - started)


class _Run:
    """What one run of a study knows beyond what the study itself holds."""

    def __init__(
        self, spec: StudySpec, search: Search, workers: Workers, trials_directory: Path, stop: StopSignal
    ) -> None:
        self._spec = spec
        self._search = search
        self._workers = workers
        self._trials_directory = trials_directory
        self._stop = stop
        self._base_config = spec.training_config.model_dump(mode="json")
        self._waiting: deque[Asked] = deque()
        self._streak = _FailureStreak()
        self.in_flight: dict[int, Asked] = {}
        self.ending: Ending | None = None

    @property
    def over(self) -> bool:
        """Nothing runs, and nothing shall: a free slot may still be missing while a worker starts."""
        wanted = self._waiting or self._standing().finished < self._spec.n_trials
        return not self.in_flight and (self.ending is not None or not wanted)

    def opened(self) -> StudyOpened:
        left = self._search.left_running
        self._waiting.extend(left)
        return StudyOpened(
            study=self._spec.study_name,
            direction=self._spec.direction,
            metric=self._spec.metric_name,
            workers=len(self._workers.activity()),
            standing=self._standing(),
            retried=tuple(asked.number for asked in left),
        )

    def early_ending(self, seconds: float) -> Ending | None:
        """Why no further trial may start, if so."""
        if self._stop.urgency:
            return Ending.INTERRUPTED
        if self._streak.length >= FAILURES_IN_A_ROW:
            return Ending.FAILING
        if self._spec.timeout is not None and seconds >= self._spec.timeout:
            return Ending.TIMEOUT
        return None

    def fill(self) -> Iterator[StudyEvent]:
        """Give every free slot a trial, as far as the study's total and the sampler's sight allow."""
        while self._workers.free_slots and len(self.in_flight) < self._most_in_flight():
            asked = self._next()
            if asked is None:
                return
            yield from self._begin(asked)

    def handle(self, event: WorkerEvent) -> Iterator[StudyEvent]:
        match event:
            case TrialReported(report) if report.number in self.in_flight:
                yield self._progressed(report)
            case TrialEnded(result) if result.number in self.in_flight:
                yield from self._ended_trial(result)
            case WorkerLost():
                yield WorkerReplaced(event.worker, event.cause, event.message)
                for number in event.trials:
                    if number in self.in_flight:
                        yield from self._lost(self.in_flight.pop(number), event)
            case TrialStarted() | TrialReported() | TrialEnded():
                pass  # of a trial that the study no longer waits for

    def ended(self, seconds: float) -> StudyEnded:
        for number in [*self.in_flight, *(asked.number for asked in self._waiting)]:
            self._search.put_back(number)
        standing = self._standing()
        ending = self.ending or (Ending.INTERRUPTED if self._stop.urgency else Ending.REACHED)
        if standing.finished >= standing.total:
            ending = Ending.REACHED
        return StudyEnded(
            study=self._spec.study_name,
            standing=standing,
            seconds=seconds,
            reason=self._reason(ending, standing),
            best_params=self._search.best_params(),
            ending=ending,
        )

    def _reason(self, ending: Ending, standing: Standing) -> str | None:
        left = standing.total - standing.finished
        match ending:
            case Ending.REACHED:
                return None
            case Ending.EXHAUSTED:
                return f"every point of the search space was tried after {standing.finished} trials"
            case Ending.TIMEOUT:
                return f"the study's timeout of {self._spec.timeout:g} s passed with {left} trials to go"
            case Ending.INTERRUPTED:
                return f"interrupted with {left} trials to go; started again, without --fresh, it goes on from here"
            case Ending.FAILING:
                return f"{self._streak.length} trials in a row failed with one message: {self._streak.message}"

    def _most_in_flight(self) -> int:
        """Trials that may run at once without the sampler proposing blindly (design, 'Lanes')."""
        if self._spec.max_concurrent_trials is not None:
            return self._spec.max_concurrent_trials
        startup = getattr(self._spec.sampler, "n_startup_trials", None) or 1
        return max(startup, self._spec.n_trials // 4, 1)

    def _next(self) -> Asked | None:
        if self._waiting:
            return self._waiting.popleft()
        if self._standing().finished + len(self.in_flight) >= self._spec.n_trials:
            return None
        asked = self._search.ask()
        if asked is None:
            self.ending = Ending.EXHAUSTED
        return asked

    def _begin(self, asked: Asked) -> Iterator[StudyEvent]:
        self.in_flight[asked.number] = asked
        yield TrialBegan(asked.number, asked.attempt, asked.params)
        if asked.attempt > self._spec.retries:
            message = f"the run or its worker died {asked.attempt} times under this trial"
            yield from self._ended_trial(_failed(asked.number, Cause.WORKER_LOST, message))
            return
        try:
            request = self._request(asked)
        except InputError as error:
            yield from self._ended_trial(_failed(asked.number, Cause.EXCEPTION, str(error)))
        else:
            self._workers.submit(request)

    def _request(self, asked: Asked) -> TrialRequest:
        return TrialRequest(
            study=self._spec.study_name,
            number=asked.number,
            attempt=asked.attempt,
            objective=self._spec.objective,
            params=asked.params,
            config=configure(self._spec.training_config, asked.params).model_dump(mode="json"),
            base_config=self._base_config,
            seeds=(asked.seed,),
            metric=self._spec.metric_name,
            directory=self._paths(asked.number).directory,
        )

    def _progressed(self, report: Report) -> TrialProgressed:
        prune = self._search.report(report)
        going_on = Decision.STOP if self._stop.urgency else Decision.CONTINUE
        self._workers.answer(report.number, Decision.PRUNE if prune else going_on)
        return TrialProgressed(report, prune)

    def _ended_trial(self, result: TrialResult) -> Iterator[StudyEvent]:
        asked = self.in_flight.pop(result.number)
        if result.state is TrialState.RETURNED:
            self._search.put_back(result.number)
            yield TrialRequeued(result.number, "saved at its last report")
            return
        kept = self._kept()
        told = self._search.tell(result)
        self._streak.add(told, self._paths(told.number))
        self._paths(told.number).checkpoint.unlink(missing_ok=True)
        self._drop_agents({*kept, told.number}.difference(self._kept()))
        standing = self._standing()
        yield TrialFinished(told, asked.params, standing, best=standing.best_trial == told.number)

    def _lost(self, asked: Asked, event: WorkerLost) -> Iterator[StudyEvent]:
        if asked.attempt >= self._spec.retries:
            self.in_flight[asked.number] = asked
            yield from self._ended_trial(_failed(asked.number, event.cause, event.message))
            return
        self._waiting.append(self._search.retry(asked.number))
        yield TrialRequeued(asked.number, event.message)

    def _kept(self) -> Sequence[int]:
        return self._search.best_numbers(self._spec.keep_best_n)

    def _drop_agents(self, numbers: set[int]) -> None:
        for number in numbers:
            self._paths(number).agent.unlink(missing_ok=True)

    def _paths(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._trials_directory, number)

    def _standing(self) -> Standing:
        counts = self._search.counts()
        return Standing(
            total=self._spec.n_trials,
            complete=counts.complete,
            pruned=counts.pruned,
            failed=counts.failed,
            best_trial=counts.best_trial,
            best_value=counts.best_value,
        )


class _FailureStreak:
    """Failures in a row that say the same."""

    def __init__(self) -> None:
        self.length = 0
        self.message = ""

    def add(self, result: TrialResult, paths: TrialPaths) -> None:
        if result.error is None:
            self.length = 0
            return
        # Messages name the trial's own log; two that differ in nothing else are the same.
        message = result.error.message.replace(str(paths.directory), "<trial>")
        self.length = self.length + 1 if message == self.message or not self.length else 1
        self.message = message


def _failed(number: int, cause: Cause, message: str) -> TrialResult:
    return TrialResult(number, TrialState.FAIL, seconds=0.0, error=TrialError(cause, message))
