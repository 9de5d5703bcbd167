"""The loop of a study, in the parent process: ask -> submit -> report, prune -> tell.

The loop asks the study (`Search`) for trials, gives them to a `WorkerPool` and yields events. The unfinished trials of
the last run are run again first.

Results depend on timing as little as possible. Reports that arrive together are all stored before the first of them
is decided, in an order drawn from the study's seed. A pruned trial is PRUNED as of the report that pruned it, also if
its worker is past that report. The members of a population wait for each other to be compared (`population.py`).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError
from fxai.pool import PoolNotice, RunningTrial, WorkerEvent, WorkerLost, WorkerPool
from fxai.protocol import Cause, Decision, ParamValue, Report, TrialRequest, TrialResult, TrialState
from fxai.search.asked_trial import AskedTrial
from fxai.search.seeds import turn
from fxai.search.study import Search
from fxai.spec.fields.objective import has_measured_metrics
from fxai.spec.search.study import StudySpec
from fxai.study.crash_bisection import CrashBisection
from fxai.study.ending_reason import ending_reason, final_ending
from fxai.study.events import (
    Ending,
    Heartbeat,
    Notice,
    StudyEnded,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialExploited,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    TrialSetAside,
    WorkerReplaced,
)
from fxai.study.failure_streak import FailureStreak
from fxai.study.host_losses import HostLosses
from fxai.study.population import Population
from fxai.study.stop_rules import StopRules, TriggeredRule
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.trial_folders import TrialFolders
from fxai.study.trial_requests import TrialRequests
from fxai.study.trial_results import RepeatedReturns, failed, pruned, ticks, warnings_of

RETURNS_IN_A_ROW = 20  # without progress; a worker that halves its lanes has one lane after ten
MOST_NEW_TRIALS = 64  # between two batches of events, so that reports do not wait long for a slow sampler
_EVENT_SECONDS = 0.5  # wait for the next event, before the loop reads its stop signal again
_ASK_SECONDS = 0.05  # after that, the trials that were asked so far are committed and begin


def run_study(
    spec: StudySpec, search: Search, workers: WorkerPool, trials_directory: Path, stop: StopSignal
) -> Iterator[StudyEvent]:
    """Run trials until `n_trials` are finished or the run has to end, and yield the events.

    The caller closes `search` and `workers`. A trial that still runs at the end stays RUNNING in the study, and the
    next run retries it.
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
        yield from run.handle_events()
        yield from run.advance_population()
        search.flush()
        yield Heartbeat(workers.activity())
    yield from run.leave()
    yield run.ended(time.monotonic() - started)


class _Run:
    """State of one run of a study that the study's database does not hold."""

    def __init__(
        self, spec: StudySpec, search: Search, workers: WorkerPool, trials_directory: Path, stop: StopSignal
    ) -> None:
        self._spec = spec
        self._search = search
        self._workers = workers
        self._files = TrialFolders(trials_directory)
        self._stop = stop
        self._has_more = False  # whether `fill` has left free places for trials that may begin
        self._requests = TrialRequests(spec, search.identity, search.most_step)
        self._waiting: dict[int, AskedTrial] = {}
        self._bisection = CrashBisection()
        self._host_losses = HostLosses()
        self._population = Population(spec, search, trials_directory)
        self._at_fault: int | None = None  # the only trial of the last run that was killed, with no attempt left
        self._returns = RepeatedReturns()
        self._streak = FailureStreak(any_finished=search.counts().complete + search.counts().pruned > 0)
        self._trading = has_measured_metrics(spec.objective)
        self._rules = StopRules(spec.stop, spec.metric_name, spec.direction, trading=self._trading)
        for trial in search.finished():
            self._rules.add(trial.value, trial.env_steps)
        self._finished_before = self._progress().finished
        self.running_trials: dict[int, RunningTrial] = {}
        self.ending: Ending | None = None

    @property
    def over(self) -> bool:
        """Whether no trial runs and none is to begin. One may be left to begin while a worker starts."""
        more = self._progress().finished < self._spec.n_trials and not self._search.exhausted and self._held is None
        wanted = self._waiting or more
        return not self.running_trials and (self.ending is not None or not wanted)

    @property
    def _held(self) -> TriggeredRule | None:
        """The stop rule because of which no new trial begins. Trials that wait to be run again still run."""
        return self._rules.held(sum(running.env_steps for running in self.running_trials.values()))

    def opened(self) -> StudyOpened:
        left = self._search.left_running
        with self._search.one_transaction():
            for asked in left:
                self._search.mark_returned(asked.number)  # a kill of this run does not count before the trial begins
                self._waiting[asked.number] = replace(asked, returned=True)
        if self._held is None:
            self._search.mark_ended(None)
        self._judge([asked for asked in left if not asked.returned])
        return StudyOpened(
            study=self._spec.study_name,
            direction=self._spec.direction,
            metric=self._spec.metric_name,
            workers=len(self._workers.activity()),
            progress=self._progress(),
            retried=tuple(asked.number for asked in left),
            trading=self._trading,
        )

    def _judge(self, died: Sequence[AskedTrial]) -> None:
        """Handle the trials that ran when the last run was killed.

        A single trial without an attempt left is at fault. Of several trials, those without an attempt left are run
        in turns, since the kill does not show which one is at fault.
        """
        too_often = [asked.number for asked in died if asked.attempt > self._spec.retries]
        if len(died) == 1:
            self._at_fault = next(iter(too_often), None)
        else:
            self._bisection.runs_lost(too_often)

    def early_ending(self, seconds: float) -> Ending | None:
        """Why no further trial may start. None if trials may start."""
        if self._stop.urgency:
            return Ending.INTERRUPTED
        if self._streak.reason is not None:
            return Ending.FAILING
        if self._spec.timeout is not None and seconds >= self._spec.timeout:
            return Ending.TIMEOUT
        return None

    def fill(self) -> Iterator[StudyEvent]:
        """Give every free slot a trial, up to `n_trials` and the number of trials that may run at once.

        After `MOST_NEW_TRIALS` new trials, `handle_events` does not wait for an event, and more follow.
        """
        left, most = MOST_NEW_TRIALS, self._spec.max_running_trials
        while left > 0 and (free := min(self._workers.free_slots, most - len(self.running_trials))) > 0:
            ready = self._population.ready_members
            number = self._bisection.next(number for number in self._waiting if number not in ready)
            if number is not None:
                waiting = self._waiting.pop(number)
                yield from self._begin(waiting, self._request(waiting))
                continue
            asked = self._ask(min(free, left))
            if not asked:
                break
            left -= len(asked)
            for trial, request in asked:
                yield from self._begin(trial, request)
        self._has_more = left <= 0

    def handle_events(self) -> Iterator[StudyEvent]:
        """Handle the workers' next batch of events, its reports first: a trial may have ended after its report."""
        events, self._has_more = self._workers.events(0.0 if self._has_more else _EVENT_SECONDS), False
        for tick in ticks([event for event in events if isinstance(event, Report)]):
            awaited = [report for report in tick if self._awaits(report.number)]
            for report in awaited:
                if not report.passed_over:
                    self._search.report(report)
                    self._returns.progressed(report)
            yield from self._decide(awaited)
        with self._search.one_transaction():
            happened = [each for event in events for each in self._handled(event)]
        self._files.drop_marked()
        yield from happened

    def _handled(self, event: WorkerEvent) -> Iterator[StudyEvent]:
        """Handle the end of a trial or the loss of a worker; there are later events of trials that run no more."""
        match event:
            case TrialResult() if event.number in self.running_trials:
                yield from self._ended_trial(event)
            case WorkerLost():
                yield from self._lost(event)
            case PoolNotice(message):
                yield Notice(message, warns=True)

    def advance_population(self) -> Iterator[StudyEvent]:
        """Compare the waiting members of a population once all have reached the step, and let them continue."""
        ending = self.ending is not None or self._stop.urgency > 0
        decided = self._population.next_decision(self.running_trials, self._waiting, self._open_places, ending=ending)
        for number, exploit in decided.exploits.items():
            yield TrialExploited(number, exploit.donor, exploit.step, exploit.params)
        for number, decision in decided.answers.items():
            self._workers.answer(number, decision)
        if decided.compared:
            with self._search.one_transaction():
                self._waiting = {number: self._search.suspend(number) for number in self._waiting}

    def leave(self) -> Iterator[StudyEvent]:
        """Leave the trials that still run or wait for the next run. Trials that were pruned end as PRUNED."""
        pruned_trials = {number: each for number, each in self.running_trials.items() if each.pruned_by is not None}
        with self._search.one_transaction():
            ended = [event for number, each in pruned_trials.items() for event in self._end(number, pruned(each))]
            for number in (*self.running_trials, *self._waiting):
                self._search.mark_returned(number)
        self._files.drop_marked()
        yield from ended

    def ended(self, seconds: float) -> StudyEnded:
        progress = self._progress()
        held, spec, search, stopped = self._held, self._spec, self._search, self._stop.urgency > 0
        ending = final_ending(self.ending, progress, stopped=stopped, exhausted=search.exhausted, held=held)
        if held is not None and ending is Ending(held.rule):
            search.mark_ended(held.rule, held.reason)
        reason = ending_reason(
            ending, progress, spec.timeout, exhausted=search.exhausted, held=held, failures=self._streak.reason
        )
        return StudyEnded(
            study=spec.study_name,
            progress=progress,
            seconds=seconds,
            reason=reason,
            best_params=search.best_params(),
            ending=ending,
            finished_before=self._finished_before,
        )

    def _ask(self, most: int) -> list[tuple[AskedTrial, TrialRequest | InputError]]:
        """New trials with their requests, in one transaction. A trial without a valid configuration is the last one."""
        most = 0 if self._bisection.others_wait else min(most, self._open_places)
        if self._search.asks_singly or self._spec.search is not None or self._bisection.is_active:
            asked = self._search.ask() if most > 0 else None
            return [] if asked is None else [(asked, self._request(asked))]
        until, trials = time.monotonic() + _ASK_SECONDS, list[tuple[AskedTrial, TrialRequest | InputError]]()
        with self._search.one_transaction():
            while len(trials) < most and (asked := self._search.ask()) is not None:
                trials.append((asked, self._request(asked)))
                if time.monotonic() > until or isinstance(trials[-1][1], InputError):
                    break
        return trials

    @property
    def _open_places(self) -> int:
        """Number of new trials that may still begin."""
        if self._search.exhausted or self._held is not None:
            return 0
        unfinished = len(self.running_trials) + len(self._waiting)
        return self._population.open_places(self._progress().finished + unfinished, alive=unfinished > 0)

    def _begin(self, asked: AskedTrial, request: TrialRequest | InputError) -> Iterator[StudyEvent]:
        number = asked.number
        if asked.returned:
            self._search.mark_resumed(number)
        self._population.mark_begun(asked)
        config = request.config if isinstance(request, TrialRequest) else None
        yield TrialBegan(number, asked.attempt, asked.params, asked.returned and asked.compared > 0, config)
        if number == self._at_fault:
            message = f"its worker was lost or the run was killed in {asked.attempt} attempts"
            yield from self._finish(asked.params, failed(number, Cause.WORKER_LOST, message))
            return
        if isinstance(request, TrialRequest):
            self.running_trials[number] = self._workers.submit(request)
        else:
            yield from self._finish(asked.params, failed(number, Cause.EXCEPTION, str(request)))

    def _request(self, asked: AskedTrial) -> TrialRequest | InputError:
        """The request of a trial to its worker, or why its parameters make no valid configuration."""
        try:
            return self._requests.of(
                asked.number,
                asked.params,
                asked.seeds,
                self._files.of(asked.number).directory,
                attempt=asked.attempt,
                cohort=self._bisection.cohort(asked.number),
                inherited=self._population.inherited(asked),
                stored_reports=asked.stored_reports,
            )
        except InputError as error:
            return error

    def _decide(self, awaited: Sequence[Report]) -> Iterator[StudyEvent]:
        """Decide stored reports one by one, at most one of each trial, and answer those that are passed over."""
        for report in awaited:
            if report.passed_over:
                self._workers.answer(report.number, self._unpruned)
                yield from map(Notice, warnings_of(report))
        stored = [report for report in awaited if not report.passed_over]
        if len(stored) > 1:
            stored.sort(key=lambda report: turn(self._spec.seed, report.number, report.step))
        for report in stored:
            prune = self._search.should_prune(report)
            running = self.running_trials[report.number]
            running.pruned_by = report if prune else None
            if not prune and self._unpruned is Decision.CONTINUE and self._population.mark_ready(running, report):
                self._bisection.ended(report.number)  # it waits for trials whose turn would come after its end
            else:
                self._workers.answer(report.number, Decision.PRUNE if prune else self._unpruned)
            yield TrialProgressed(report, prune, len(stored))
            yield from map(Notice, warnings_of(report))

    @property
    def _unpruned(self) -> Decision:
        """The answer to a report at which the pruner does not end the trial."""
        return Decision.STOP if self._stop.urgency else Decision.CONTINUE

    def _awaits(self, number: int) -> bool:
        return number in self.running_trials and self.running_trials[number].decision is Decision.CONTINUE

    def _ended_trial(self, result: TrialResult) -> Iterator[StudyEvent]:
        number, running = result.number, self.running_trials[result.number]
        if running.pruned_by is not None:
            yield from self._end(number, pruned(running, result))
        elif result.state is not TrialState.RETURNED:
            yield from self._end(number, result)
        elif self.ending is not None or self._stop.urgency:
            del self.running_trials[number]
            self._search.mark_returned(number)
            yield TrialRequeued(number, "saved at its last report")
        elif running.decision is Decision.STOP:  # its population stopped it
            del self.running_trials[number]
            self._waiting[number] = self._search.suspend(number)
            yield TrialSetAside(number)
        elif self._returns.add(number) > RETURNS_IN_A_ROW:
            message = f"its workers returned it {RETURNS_IN_A_ROW + 1} times without a new report"
            yield from self._end(number, failed(number, Cause.NO_PROGRESS, message))
        else:
            del self.running_trials[number]
            self._waiting[number] = self._search.restart_returned(number)
            yield TrialRequeued(number, result.flaw or "returned by its worker")

    def _end(self, number: int, result: TrialResult) -> Iterator[StudyEvent]:
        """Give a running trial its final state."""
        running = self.running_trials.pop(number)
        yield from self._finish(running.request.params, running.with_reported(result))

    def _finish(self, params: Mapping[str, ParamValue], result: TrialResult) -> Iterator[StudyEvent]:
        """Give a trial its final state."""
        number = result.number
        self._bisection.ended(number)
        self._population.ended(number)
        kept = self._search.best_numbers(self._spec.keep_best_n)
        stored = self._search.tell(result)
        self._rules.add(stored.value if stored.state is TrialState.COMPLETE else None, stored.usage.env_steps)
        self._streak.add(stored, self._files.of(number))
        self._files.mark_ended(number, {*kept, number}.difference(self._search.best_numbers(self._spec.keep_best_n)))
        progress = self._progress()
        yield from map(Notice, warnings_of(result))
        yield TrialFinished(stored, params, progress, best=progress.best_trial == number)

    def _lost(self, event: WorkerLost) -> Iterator[StudyEvent]:
        """Run the trials of a lost worker again. A trial that was alone in it and has no attempt left fails.

        While the run is being stopped, the signal that stops it may have reached the worker too. The loss of the
        worker then does not count against its trials. Nor does that of a whole host; see `host_losses.py`.
        """
        yield WorkerReplaced(event.worker, event.cause, event.message, event.host)
        uncounted = bool(self._stop.urgency) and event.cause is Cause.WORKER_LOST
        lost = {number: self.running_trials[number] for number in event.trials if number in self.running_trials}
        again = [number for number, running in lost.items() if running.pruned_by is None]
        blamed = [] if uncounted else self._host_losses.blamed(event, again)
        if any(lost[number].request.attempt for number in blamed):
            self._bisection.worker_lost(blamed)
        for number, running in lost.items():
            if running.pruned_by is not None:
                yield from self._end(number, pruned(running))
            elif number in blamed and len(event.trials) == 1 and running.request.attempt >= self._spec.retries:
                yield from self._end(number, failed(number, event.cause, event.message))
            else:
                del self.running_trials[number]
                counts = not uncounted and self._host_losses.costs_attempt(event, number)
                self._waiting[number] = (self._search.retry if counts else self._search.restart_returned)(number)
                yield TrialRequeued(number, event.message)

    def _progress(self) -> StudyProgress:
        return StudyProgress.of(self._search.counts(), self._spec.n_trials)
