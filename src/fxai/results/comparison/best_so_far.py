"""Best value so far, by trial number and by elapsed time."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from pydantic import JsonValue

from fxai.results.record import TrialRecord
from fxai.search.stored_trial import StoredState
from fxai.spec.search.metric_goals import Goal


@dataclass(frozen=True, slots=True)
class Improvement:
    """A trial that is better than all earlier ones."""

    at: float  # finished trials, or seconds
    value: float
    trial: int


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """A study's improvements. Times count only while a trial runs; pauses between runs are left out."""

    over_trials: Sequence[Improvement]
    over_time: Sequence[Improvement]  # in the order of the trials' ends; empty if times are not known
    finished: int  # trials that completed, were pruned or failed
    seconds: float

    @classmethod
    def of(cls, trials: Sequence[TrialRecord], goal: Goal) -> "BestSoFar":
        """The improvements of a study's trials, given in the order of their numbers."""
        finished = [trial for trial in trials if not trial.uncounted and trial.state.is_finished()]
        clock = _Clock(finished)
        timed = sorted((trial.ended, trial.number, trial) for trial in finished if trial.started and trial.ended)
        return cls(
            over_trials=_improvements(((count, trial) for count, trial in enumerate(finished, start=1)), goal),
            over_time=_improvements(((clock.seconds_until(ended), trial) for ended, _, trial in timed), goal),
            finished=len(finished),
            seconds=clock.seconds,
        )

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "finished": self.finished,
            "seconds": self.seconds,
            "over_trials": [[each.at, each.value] for each in self.over_trials],
            "over_time": [[each.at, each.value] for each in self.over_time],
        }


def first_at(improvements: Iterable[Improvement], level: float, goal: Goal) -> float | None:
    """When a value at least as good as `level` was reached; None if never."""
    return next((each.at for each in improvements if goal.loss(each.value) <= goal.loss(level)), None)


def _improvements(moments: Iterable[tuple[float, TrialRecord]], goal: Goal) -> tuple[Improvement, ...]:
    found: list[Improvement] = []
    for at, trial in moments:
        if trial.state is not StoredState.COMPLETE or trial.value is None:
            continue
        if not found or goal.loss(trial.value) < goal.loss(found[-1].value):
            found.append(Improvement(at, trial.value, trial.number))
    return tuple(found)


class _Clock:
    """Counts the seconds in which at least one trial runs."""

    def __init__(self, trials: Iterable[TrialRecord]) -> None:
        spans: list[tuple[datetime, datetime]] = []
        for start, end in sorted((trial.started, trial.ended) for trial in trials if trial.started and trial.ended):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], end))
            else:
                spans.append((start, end))
        self._starts = [start for start, _ in spans]
        lengths = [(end - start).total_seconds() for start, end in spans]
        self._lengths = lengths
        self._before = list(accumulate(lengths, initial=0.0))

    @property
    def seconds(self) -> float:
        return self._before[-1]

    def seconds_until(self, moment: datetime) -> float:
        span = bisect_right(self._starts, moment) - 1
        return self._before[span] + min((moment - self._starts[span]).total_seconds(), self._lengths[span])
