"""How a study's best value came about: over its trials, and over the time in which it ran."""

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
    """A trial that did better than all before it, and when."""

    at: float  # finished trials, or seconds
    value: float
    trial: int


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """A study's improvements. Its time is that in which any of its trials ran: what lies between two runs is none."""

    over_trials: Sequence[Improvement]
    over_time: Sequence[Improvement]  # in the order in which trials ended; empty where times are not known
    finished: int  # trials that completed, were pruned or failed
    seconds: float

    @classmethod
    def of(cls, trials: Sequence[TrialRecord], goal: Goal) -> "BestSoFar":
        """Of a study's own trials, in the order of their numbers."""
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
    """When a value at least as good as this was reached."""
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
    """Counts the seconds in which at least one trial ran."""

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
