"""State of the live view of a study. Each event gives a new state; `live_layout` draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fxai.metric_text import number_text
from fxai.pool import Activity
from fxai.protocol import ParamValue
from fxai.study.events import (
    FreshTrainingsProgressed,
    Heartbeat,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
    TrialSetAside,
)


@dataclass(frozen=True, slots=True)
class ViewedTrial:
    """A running trial with its last report."""

    number: int
    attempt: int
    params: Mapping[str, ParamValue]
    began: float  # seconds
    step: int | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ViewedTrainings:
    """The trainings on fresh seeds after the search."""

    began: float  # seconds
    done_before: float  # trainings that had ended then
    now: FreshTrainingsProgressed

    def seconds_left(self, now: float) -> float | None:
        """Estimated seconds until the most trainings have ended; None before the first progress."""
        done = self.now.done - self.done_before
        return (self.now.total - self.now.done) * (now - self.began) / done if done > 0 else None


@dataclass(frozen=True, slots=True)
class StudyView:
    """State of the live view. Times are seconds on the clock of the view."""

    study: str
    direction: str
    metric: str
    workers: int
    began: float
    progress: StudyProgress
    trading: bool = False  # whether FxAI measures the metric
    running: Mapping[int, ViewedTrial] = field(default_factory=dict)  # in the order of their start
    activity: Sequence[Activity] = ()
    ended_here: int = 0  # trials that ended in this run
    trial_seconds: float = 0.0  # their total duration
    trainings: ViewedTrainings | None = None  # after the search

    @classmethod
    def of(cls, opened: StudyOpened, now: float) -> "StudyView":
        return cls(
            study=opened.study,
            direction=opened.direction,
            metric=opened.metric,
            workers=opened.workers,
            began=now,
            progress=opened.progress,
            trading=opened.trading,
        )

    def after(self, event: StudyEvent, now: float) -> "StudyView":
        """The state after an event."""
        match event:
            case TrialBegan(number, attempt, params):
                return replace(self, running={**self.running, number: ViewedTrial(number, attempt, params, now)})
            case TrialProgressed(report) if report.number in self.running:
                trial = replace(self.running[report.number], step=report.step, value=report.value)
                return replace(self, running={**self.running, report.number: trial})
            case TrialFinished(result, _, progress):
                return replace(
                    self,
                    progress=progress,
                    running=self._without(result.number),
                    ended_here=self.ended_here + 1,
                    trial_seconds=self.trial_seconds + result.seconds,
                )
            case TrialRequeued(number) | TrialSetAside(number):
                return replace(self, running=self._without(number))
            case Heartbeat(activity):
                return replace(self, activity=activity, workers=len(activity) or self.workers)
            case _:
                trainings = self._trainings_after(event, now)
                return self if trainings is self.trainings else replace(self, trainings=trainings)

    @property
    def newest(self) -> ViewedTrial | None:
        """The trial that began last."""
        return next(reversed(list(self.running.values())), None)

    def value_text(self, value: float, error: float | None = None) -> str:
        """A value of the study's metric."""
        return number_text(self.metric, value, error, trading=self.trading)

    def seconds_left(self, now: float) -> float | None:
        """Estimated seconds until the study has all its trials, from the mean duration of trials in this run."""
        if not self.ended_here:
            return None
        each = self.trial_seconds / self.ended_here
        trials_left = self.progress.total - self.progress.finished
        behind = sum(min(now - trial.began, each) for trial in self.running.values())
        at_once = min(max(self.workers, len(self.running), 1), max(trials_left, 1))
        return max(trials_left * each - behind, 0.0) / at_once

    def _trainings_after(self, event: StudyEvent, now: float) -> ViewedTrainings | None:
        last = self.trainings
        if not isinstance(event, FreshTrainingsProgressed):
            return last
        if last is None or last.now.purpose != event.purpose:
            return ViewedTrainings(now, event.done, event)
        return replace(last, now=event)

    def _without(self, number: int) -> Mapping[int, ViewedTrial]:
        return {other: trial for other, trial in self.running.items() if other != number}
