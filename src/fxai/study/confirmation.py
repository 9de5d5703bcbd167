"""Confirmation in the parent process: the best trials train again on fresh seeds, which choose the winner.

The race itself is decided in `fxai.evaluation.racing`; this module trains what it asks for. Each training that has
ended is kept in the study's folder, so that a run that was interrupted continues the race.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fxai.errors import FxaiError, InputError
from fxai.evaluation.fresh_value import fresh_error
from fxai.evaluation.racing import (
    FEWEST_SEEDS,
    RaceCandidate,
    RaceScores,
    RaceSettings,
    Training,
    affordable,
    chosen,
    most_cost,
    next_trainings,
    rounds,
)
from fxai.formatting import counted
from fxai.market.scores.bar_returns import BarReturns, read_bar_returns
from fxai.metric_text import number_text
from fxai.pool import WorkerPool
from fxai.protocol.standard_error import mean
from fxai.results.paths import StudyPaths
from fxai.search.confirmed import Confirmed, ConfirmedCandidate
from fxai.search.seeds import confirmation_seed
from fxai.search.study import Search
from fxai.spec.fields.objective import name_of
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.study import StudySpec
from fxai.spec.search.training_length import TrainingLength, training_length
from fxai.study.data_bars import scored_bars_per_year
from fxai.study.events import Ending, FreshTrainingsProgressed, Notice, StudyEnded, StudyEvent
from fxai.study.fresh_trainer import FreshTrainer
from fxai.study.stop_signal import StopSignal
from fxai.study.trial_requests import TrialRequests


def confirmed(
    events: Iterator[StudyEvent],
    study: StudySpec,
    search: Search,
    workers: WorkerPool,
    paths: StudyPaths,
    *,
    stop: StopSignal,
) -> Iterator[StudyEvent]:
    """The events of a study's search, and of its confirmation before the last one.

    A search that was interrupted or failed is not confirmed. A confirmation that stops early is continued by the next
    run of the study.
    """
    for event in events:
        if not isinstance(event, StudyEnded):
            yield event
            continue
        settings = study.confirm
        if event.is_stopped or event.progress.best_trial is None or not isinstance(settings, Confirmation):
            search.mark_confirmed(None)
            yield event
            continue
        began = time.monotonic()
        race = _race(study, settings, search, paths)
        if isinstance(race, Notice):
            yield race
            found = None
        else:
            yield from race.run(workers, stop)
            found = race.result
        search.mark_confirmed(found)
        yield _with_end_of_race(replace(event, seconds=event.seconds + time.monotonic() - began), found, search, stop)


def _race(study: StudySpec, settings: Confirmation, search: Search, paths: StudyPaths) -> "_Race | Notice":
    """The race of a study, or why there is none."""
    try:
        race = _Race(study, settings, search, paths)
    except FxaiError as error:
        return _stopped(error)
    return race if race.is_possible else Notice(race.too_short)


def _stopped(error: Exception) -> Notice:
    return Notice(f"The confirmation stopped: {error}. Run the study again to continue it.", warns=True)


def _with_end_of_race(event: StudyEnded, found: Confirmed | None, search: Search, stop: StopSignal) -> StudyEnded:
    """The end of the run with the confirmed trial. It was interrupted if the race was."""
    if found is not None:
        progress = replace(
            event.progress, best_trial=found.trial, best_value=found.value, standard_error=found.standard_error
        )
        return replace(event, progress=progress, best_params=search.params_of(found.trial))
    if not stop.urgency:
        return event
    reason = "interrupted during the confirmation; run it again without --fresh to continue it"
    return replace(event, ending=Ending.INTERRUPTED, reason=reason)


class _Race:
    """The race of one study."""

    def __init__(self, study: StudySpec, settings: Confirmation, search: Search, paths: StudyPaths) -> None:
        self._study, self._search = study, search
        requests = TrialRequests(study, search.identity, search.most_step)
        self._trainer = FreshTrainer(requests, search.params_of, paths.confirmation, search.identity)
        self._finished = {trial.number: trial for trial in search.finished()}
        self._contenders = self._candidates(settings.candidates)
        searched = sum(trial.env_steps for trial in self._finished.values())
        self._settings = RaceSettings(
            budget=settings.budget * searched, seeds=settings.seeds, maximize=study.direction == "maximize"
        )
        self._seeds = tuple(confirmation_seed(study.seed, index) for index in range(settings.seeds))
        self._race = self._scored()
        self.result: Confirmed | None = None
        self._unread: str | None = None  # why the error over bars is unknown

    @property
    def is_possible(self) -> bool:
        """Whether there are two candidates, and the budget pays for them."""
        return len(self._racing) > 1

    @property
    def too_short(self) -> str:
        """Why there is no race."""
        if len(self._contenders) == 1:
            return "Confirmation: left out, because only one trial can train again."
        cost = sum(FEWEST_SEEDS * each.cost for each in self._contenders[:2])
        unit = self._length(self._contenders[0].trial).unit
        return (
            f"Confirmation: left out, because the search is too short. confirm.budget allows "
            f"{self._settings.budget:,.0f} {unit}, and two trials on {FEWEST_SEEDS} fresh seeds need "
            f"{cost:,.0f}."
        )

    def run(self, workers: WorkerPool, stop: StopSignal) -> Iterator[StudyEvent]:
        """Train until the race is over or the run has to end."""
        if next_trainings(self._race, self._settings):
            yield Notice(self._announcement())
        try:
            while (trainings := next_trainings(self._race, self._settings)) and not stop.urgency:
                yield from self._train(trainings, workers, stop)
                if not stop.urgency and next_trainings(self._race, self._settings):
                    yield Notice(self._standing())
            if trainings:
                return
            self.result = self._result()
        except (FxaiError, OSError) as error:
            yield _stopped(error)
            return
        if self._unread is not None:
            yield Notice(
                f"Confirmation: the error of the value holds the error over seeds alone. {self._unread}", warns=True
            )
        yield Notice(self._conclusion(), warns=self.result is None)

    def _candidates(self, count: int) -> tuple[RaceCandidate, ...]:
        """Trial 0, unless it failed, and the best trials. If the budget is short, the first take part.

        A pruned trial 0 has no value in the search. Fresh values alone choose the winner, so it needs none.
        """
        default = (0,) if self._search.can_train_again(0) else ()
        numbers = dict.fromkeys((*default, *self._search.best_numbers(count)))
        return tuple(RaceCandidate(number, self._cost(number)) for number in numbers)

    def _cost(self, number: int) -> float:
        """The cost of the trainings of a trial on one seed: that of its search, if its configuration gives a bound."""
        length, searched = self._length(number), self._finished.get(number)
        if length.is_most and searched is not None and searched.step and searched.env_steps:
            return searched.env_steps * length.steps / (searched.step * self._study.seeds_per_trial)
        return length.cost * self._study.folds

    def _length(self, number: int) -> TrainingLength:
        settings = trial_settings(self._study, self._search.params_of(number))
        return training_length(name_of(self._study.objective), settings)

    def _train(self, trainings: Sequence[Training], workers: WorkerPool, stop: StopSignal) -> Iterator[StudyEvent]:
        wanted = [(trial, self._seeds[index]) for trial, index in trainings]
        begun = FreshTrainingsProgressed("Confirmation", len(self._race.scores), self._most_trainings)
        yield from self._trainer.train(wanted, workers, stop, begun)
        self._race = self._scored()

    @property
    def _racing(self) -> Sequence[RaceCandidate]:
        """The candidates at the start of the race."""
        return affordable(self._contenders, self._settings)

    @property
    def _most_trainings(self) -> int:
        cost = most_cost(self._racing, self._settings)
        return int(cost / min(candidate.cost for candidate in self._racing))

    def _scored(self) -> RaceScores:
        """The race with the values of all trainings that have ended."""
        values = self._trainer.values
        scores = {
            (candidate.trial, index): values[candidate.trial, seed]
            for candidate in self._contenders
            for index, seed in enumerate(self._seeds)
            if (candidate.trial, seed) in values
        }
        return RaceScores(self._contenders, scores)

    def _announcement(self) -> str:
        return (
            f"Confirmation: {counted(len(self._racing), 'candidate')} train again on fresh seeds, in at most "
            f"{counted(self._most_trainings, 'training')}."
        )

    def _standing(self) -> str:
        """The state of the race after a round that is not its last."""
        last = rounds(self._race, self._settings)[-1]
        return (
            f"Confirmation: {counted(len(last.remaining), 'candidate')} of {len(self._racing)} continue after "
            f"{counted(last.seeds, 'fresh seed')} each."
        )

    def _result(self) -> Confirmed | None:
        winner = chosen(self._race, self._settings)
        if winner is None:
            return None
        indices = [index for trial, index in sorted(self._race.scores) if trial == winner]
        values = [self._race.scores[winner, index] for index in indices]
        returns = self._returns(winner, indices)
        error = fresh_error(values, returns, self._study.metric_name, scored_bars_per_year(self._study))
        return Confirmed(
            trial=winner,
            value=mean(values),
            standard_error=error.total if error.market is not None else error.seed,
            seed_error=error.seed,
            market_error=error.market,
            seeds=tuple(self._seeds[index] for index in indices),
            search_value=self._search.value_of(winner),
            candidates=self._raced(),
        )

    def _returns(self, trial: int, indices: Sequence[int]) -> Sequence[BarReturns]:
        """The returns of the agents of a trial; none if a file of them cannot be read."""
        files = [self._trainer.paths_of((trial, self._seeds[index])).returns for index in indices]
        try:
            return [read_bar_returns(file) for file in files]
        except InputError as error:
            self._unread = f"{error}."
            return []

    def _raced(self) -> tuple[ConfirmedCandidate, ...]:
        finished = rounds(self._race, self._settings)
        left = {trial: departure.value for each in finished for trial, departure in each.departures.items()}
        return tuple(
            ConfirmedCandidate(
                trial=candidate.trial,
                search_value=self._search.value_of(candidate.trial),
                value=mean(values) if (values := self._race.of(candidate.trial)) else None,
                seeds=len(values),
                departure=left.get(candidate.trial),
            )
            for candidate in self._race.candidates
        )

    def _conclusion(self) -> str:
        if self.result is None:
            return "Confirmation: no candidate has a value on fresh seeds, so the best trial stays that of the search."
        found = self.result
        value = number_text(self._study.metric_name, found.value, found.standard_error, trading=True)
        searched = "no value in the search"
        if found.search_value is not None:
            searched = f"{number_text(self._study.metric_name, found.search_value, trading=True)} in the search"
        return (
            f"Confirmation: trial {found.trial} is chosen, with {self._study.metric_name} {value} over "
            f"{counted(len(found.seeds), 'fresh seed')} ({searched})."
        )
