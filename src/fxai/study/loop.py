"""The loop of a study, in the parent process: ask -> submit -> report, prune -> tell.

The loop owns the study (`Search`), gives its trials to a `WorkerPool` and yields what happens as events. Trials that
an earlier run left running are run again first.

Results depend on timing as little as possible. Reports that arrive together are all stored before the first of them
is decided, in an order drawn from the study's seed. A pruned trial is PRUNED as of the report that pruned it, also if
its worker is past that report. The members of a population wait for each other where they are compared
(`population.py`).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError
from fxai.objectives.loader import load_signature
from fxai.pool import RunningTrial, TrialEnded, TrialReported, TrialStarted, WorkerEvent, WorkerLost, WorkerPool
from fxai.protocol import Cause, Decision, JsonObject, ParamValue, Report, TrialRequest, TrialResult, TrialState
from fxai.search.asked_trial import AskedTrial
from fxai.search.seeds import turn
from fxai.search.study import Search
from fxai.spec.fields.objective import argument_style_of, command_of, folder_of, is_custom, name_of
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.study import StudySpec
from fxai.study.crash_bisection import CrashBisection
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
from fxai.study.population import Population
from fxai.study.stop_rules import StopRules, TriggeredRule
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.trial_folders import TrialFolders
from fxai.study.trial_results import RepeatedReturns, failed, pruned, ticks, warnings_of

RETURNS_IN_A_ROW = 20  # without progress; a worker that halves its lanes is at one after ten
_PATIENCE_SECONDS = 0.5  # for the next event, before the loop looks at its stop signal again


def run_study(
    spec: StudySpec, search: Search, workers: WorkerPool, trials_directory: Path, stop: StopSignal
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
        yield from run.handle(workers.events(_PATIENCE_SECONDS))
        yield from run.let_go_on()
        search.flush()
        yield Heartbeat(workers.activity())
    yield from run.leave()
    yield run.ended(time.monotonic() - started)


class _Run:
    """What one run of a study knows beyond what the study itself holds."""

    def __init__(
        self, spec: StudySpec, search: Search, workers: WorkerPool, trials_directory: Path, stop: StopSignal
    ) -> None:
        self._spec = spec
        self._search = search
        self._workers = workers
        self._files = TrialFolders(trials_directory)
        self._stop = stop
        self._base_config = spec.training_config.model_dump(mode="json")
        self._signature: Callable[[JsonObject], str] | None = load_signature(name_of(spec.objective))
        self._waiting: dict[int, AskedTrial] = {}
        self._bisection = CrashBisection()
        self._population = Population(spec, search, trials_directory)
        self._at_fault: int | None = None  # the trial that died alone with the last run, once too often
        self._returns = RepeatedReturns()
        counts = search.counts()
        self._streak = FailureStreak(any_finished=bool(counts.complete or counts.pruned))
        self._rules = StopRules(spec.stop, spec.metric_name, spec.direction, trading=not is_custom(spec.objective))
        for trial in search.finished():
            self._rules.add(trial.value, trial.env_steps)
        self._finished_before = self._progress().finished
        self.running_trials: dict[int, RunningTrial] = {}
        self.ending: Ending | None = None

    @property
    def over(self) -> bool:
        """Nothing runs, and nothing shall: a free slot may still be missing while a worker starts."""
        more = self._progress().finished < self._spec.n_trials and not self._search.exhausted and self._held is None
        wanted = self._waiting or more
        return not self.running_trials and (self.ending is not None or not wanted)

    @property
    def _held(self) -> TriggeredRule | None:
        """The stop rule that lets no new trial begin; those that wait to be run again are begun already."""
        return self._rules.held(sum(running.env_steps for running in self.running_trials.values()))

    def opened(self) -> StudyOpened:
        left = self._search.left_running
        for asked in left:
            self._search.mark_returned(asked.number)  # until it begins it does not die with this run
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
            trading=not is_custom(self._spec.objective),
        )

    def _judge(self, died: Sequence[AskedTrial]) -> None:
        """Trials that died with the last run: at fault is one that did so alone, once too often.

        Where there were several, nobody knows: those that died too often are tried in turns.
        """
        too_often = [asked.number for asked in died if asked.attempt > self._spec.retries]
        if len(died) == 1:
            self._at_fault = next(iter(too_often), None)
        else:
            self._bisection.died_with_the_run(too_often)

    def early_ending(self, seconds: float) -> Ending | None:
        """Why no further trial may start, if so."""
        if self._stop.urgency:
            return Ending.INTERRUPTED
        if self._streak.reason is not None:
            return Ending.FAILING
        if self._spec.timeout is not None and seconds >= self._spec.timeout:
            return Ending.TIMEOUT
        return None

    def fill(self) -> Iterator[StudyEvent]:
        """Give every free slot a trial, as far as the study's total and the sampler's sight allow."""
        while self._workers.free_slots and len(self.running_trials) < self._spec.max_running_trials:
            asked = self._next()
            if asked is None:
                return
            yield from self._begin(asked)

    def handle(self, events: Sequence[WorkerEvent]) -> Iterator[StudyEvent]:
        """Handle one batch of events, its reports first: a trial may have ended after its report."""
        for tick in ticks([event.report for event in events if isinstance(event, TrialReported)]):
            awaited = [report for report in tick if self._awaits(report.number)]
            for report in awaited:
                if not report.passed_over:
                    self._search.report(report)
                    self._returns.progressed(report)
            yield from self._decide(awaited)
        for event in events:
            match event:
                case TrialEnded(result) if result.number in self.running_trials:
                    yield from self._ended_trial(result)
                case WorkerLost():
                    yield from self._lost(event)
                case TrialStarted() | TrialReported() | TrialEnded():
                    pass  # reports were first; the other events are of trials that the study no longer waits for

    def let_go_on(self) -> Iterator[StudyEvent]:
        """Let the members of a population that wait for each other go on, once all have come."""
        ending = self.ending is not None or self._stop.urgency > 0
        move = self._population.next_move(self.running_trials, self._waiting, self._unasked, ending=ending)
        for number, exploit in move.exploits.items():
            yield TrialExploited(number, exploit.donor, exploit.step, exploit.params)
        for number, decision in move.answers.items():
            self._workers.answer(number, decision)
        if move.compared:
            self._waiting = {number: self._search.suspend(number) for number in self._waiting}

    def leave(self) -> Iterator[StudyEvent]:
        """Leave what still runs or waits for the next run; what was pruned is done."""
        for number, running in list(self.running_trials.items()):
            if running.pruned_by is not None:
                yield from self._end(number, pruned(running))
        for number in (*self.running_trials, *self._waiting):
            self._search.mark_returned(number)

    def ended(self, seconds: float) -> StudyEnded:
        progress = self._progress()
        ending, held = self._ending(progress), self._held
        if held is not None and ending is Ending(held.rule):
            self._search.mark_ended(held.rule, held.reason)
        return StudyEnded(
            study=self._spec.study_name,
            progress=progress,
            seconds=seconds,
            reason=self._reason(ending, progress),
            best_params=self._search.best_params(),
            ending=ending,
            finished_before=self._finished_before,
        )

    def _ending(self, progress: StudyProgress) -> Ending:
        if progress.finished >= progress.total:
            return Ending.REACHED
        if self.ending is not None or self._stop.urgency:
            return self.ending or Ending.INTERRUPTED
        if self._held is not None:
            return Ending(self._held.rule)
        return Ending.EXHAUSTED if self._search.exhausted else Ending.REACHED

    def _reason(self, ending: Ending, progress: StudyProgress) -> str | None:
        left = progress.total - progress.finished
        match ending:
            case Ending.REACHED:
                return None
            case Ending.EXHAUSTED:
                return f"{self._search.exhausted}, after {progress.finished} trials"
            case Ending.PATIENCE | Ending.VALUE | Ending.ENV_STEPS:
                return None if self._held is None else self._held.reason
            case Ending.TIMEOUT:
                return f"the study's timeout of {self._spec.timeout:g} s passed with {left} trials to go"
            case Ending.INTERRUPTED:
                return f"interrupted with {left} trials to go; started again, without --fresh, it goes on from here"
            case Ending.FAILING:
                return self._streak.reason

    def _next(self) -> AskedTrial | None:
        """The trial to begin now: one that waits, or else a new one."""
        number = self._bisection.next(number for number in self._waiting if number not in self._population.arrived)
        if number is not None:
            return self._waiting.pop(number)
        if self._bisection.keep_others_out:
            return None
        return self._search.ask() if self._unasked > 0 else None

    @property
    def _unasked(self) -> int:
        """How many further trials there may be beside those that are unfinished."""
        if self._search.exhausted or self._held is not None:
            return 0
        unfinished = len(self.running_trials) + len(self._waiting)
        return self._population.unasked(self._progress().finished + unfinished, alive=unfinished > 0)

    def _begin(self, asked: AskedTrial) -> Iterator[StudyEvent]:
        number = asked.number
        if asked.returned:
            self._search.mark_resumed(number)
        self._population.begins(asked)
        request = self._request(asked)
        config = request.config if isinstance(request, TrialRequest) else None
        yield TrialBegan(number, asked.attempt, asked.params, asked.returned and asked.compared > 0, config)
        if number == self._at_fault:
            message = f"the run or its worker died {asked.attempt} times under this trial"
            yield from self._finish(asked.params, failed(number, Cause.WORKER_LOST, message))
            return
        if isinstance(request, TrialRequest):
            self.running_trials[number] = self._workers.submit(request)
        else:
            yield from self._finish(asked.params, failed(number, Cause.EXCEPTION, str(request)))

    def _request(self, asked: AskedTrial) -> TrialRequest | InputError:
        """What a worker is told of the trial; the only validation of its configuration in this process."""
        try:
            config, folder = trial_settings(self._spec, asked.params), folder_of(self._spec.objective)
        except InputError as error:
            return error
        return TrialRequest(
            study=self._spec.study_name,
            number=asked.number,
            attempt=asked.attempt,
            objective=name_of(self._spec.objective),
            params=asked.params,
            config=config,
            base_config=self._base_config,
            seeds=asked.seeds,
            metric=self._spec.metric_name,
            directory=self._files.of(asked.number).directory,
            score=self._spec.score or "",
            objectives=tuple(goal.metric for goal in self._spec.goals),
            command=command_of(self._spec.objective),
            argument_style=argument_style_of(self._spec.objective),
            folder=folder,
            signature="" if self._signature is None else self._signature(config),
            cohort=self._bisection.cohort(asked.number),
            inherited=self._population.inherited(asked),
            study_identity=self._search.identity,
            stored_reports=asked.stored_reports,
            most_step=self._search.most_step,
        )

    def _decide(self, awaited: Sequence[Report]) -> Iterator[StudyEvent]:
        """Decide stored reports, one of each trial, one by one; answer those that are passed over."""
        for report in awaited:
            if report.passed_over:
                self._workers.answer(report.number, self._going_on)
                yield from map(Notice, warnings_of(report))
        stored = [report for report in awaited if not report.passed_over]
        if len(stored) > 1:
            stored.sort(key=lambda report: turn(self._spec.seed, report.number, report.step))
        for report in stored:
            prune = self._search.should_prune(report)
            running = self.running_trials[report.number]
            running.pruned_by = report if prune else None
            if not prune and self._going_on is Decision.CONTINUE and self._population.arrives(running, report):
                self._bisection.ended(report.number)  # else it would wait for trials whose turn comes after its end
            else:
                self._workers.answer(report.number, Decision.PRUNE if prune else self._going_on)
            yield TrialProgressed(report, prune, len(stored))
            yield from map(Notice, warnings_of(report))

    @property
    def _going_on(self) -> Decision:
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
        elif running.decision is Decision.STOP:  # by its population
            del self.running_trials[number]
            self._waiting[number] = self._search.suspend(number)
            yield TrialSetAside(number)
        elif self._returns.add(number) > RETURNS_IN_A_ROW:
            message = f"its workers gave it back {RETURNS_IN_A_ROW + 1} times without a new report"
            yield from self._end(number, failed(number, Cause.NO_PROGRESS, message))
        else:
            del self.running_trials[number]
            self._waiting[number] = self._search.restart_returned(number)
            yield TrialRequeued(number, result.flaw or "given back by its worker")

    def _end(self, number: int, result: TrialResult) -> Iterator[StudyEvent]:
        """Give a running trial its final state."""
        running = self.running_trials.pop(number)
        yield from self._finish(running.request.params, running.with_reported(result))

    def _finish(self, params: Mapping[str, ParamValue], result: TrialResult) -> Iterator[StudyEvent]:
        """Give a trial its final state."""
        number = result.number
        self._bisection.ended(number)
        self._population.ended(number)
        kept = self._kept()
        stored = self._search.tell(result)
        self._rules.add(stored.value if stored.state is TrialState.COMPLETE else None, stored.usage.env_steps)
        self._streak.add(stored, self._files.of(number))
        self._files.drop_checkpoint(number)
        self._files.drop({*kept, number}.difference(self._kept()))
        progress = self._progress()
        yield from map(Notice, warnings_of(result))
        yield TrialFinished(stored, params, progress, best=progress.best_trial == number)

    def _lost(self, event: WorkerLost) -> Iterator[StudyEvent]:
        """Run the trials of a lost worker again. A trial that was alone with too many lost workers fails."""
        yield WorkerReplaced(event.worker, event.cause, event.message)
        lost = {number: self.running_trials[number] for number in event.trials if number in self.running_trials}
        again = [number for number, running in lost.items() if running.pruned_by is None]
        if any(lost[number].request.attempt for number in again):
            self._bisection.died(again)
        for number, running in lost.items():
            if running.pruned_by is not None:
                yield from self._end(number, pruned(running))
            elif len(event.trials) == 1 and running.request.attempt >= self._spec.retries:
                yield from self._end(number, failed(number, event.cause, event.message))
            else:
                del self.running_trials[number]
                self._waiting[number] = self._search.retry(number)
                yield TrialRequeued(number, event.message)

    def _kept(self) -> Sequence[int]:
        return self._search.best_numbers(self._spec.keep_best_n)

    def _progress(self) -> StudyProgress:
        return StudyProgress.of(self._search.counts(), self._spec.n_trials)
