"""What a study gained over its trial 0, and over the study that it took over from."""

from dataclasses import dataclass

from pydantic import JsonValue

from fxai.protocol.standard_error import standard_error_of_difference
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview


@dataclass(frozen=True, slots=True)
class Gain:
    """The best trial against trial 0 on this study's budget.

    The best trial was chosen by the very values that are compared, so a gain is rather too large than too
    small; positive is better in either direction.
    """

    source: str
    over_winner: bool  # whether trial 0 is what the source had found
    first: str  # what trial 0 is called
    best_trial: int
    amount: float
    standard_error: float | None  # None where trials have one seed

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "over": self.source,
            "over_winner": self.over_winner,
            "best_trial": self.best_trial,
            "gain": self.amount,
            "standard_error": self.standard_error,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one trial's value is than another's."""

    amount: float  # positive is better in either direction
    standard_error: float | None  # None where one of them has one seed


def over_trial_0(study: StudyOverview | StudyRecord) -> Difference | None:
    """The best trial against trial 0; None where one of them has no value, and of several objectives."""
    first, best = study.first, study.best
    if first is None or best is None or study.front:
        return None
    if first.value is None or best.value is None:
        return None
    sign = 1 if study.direction == "maximize" else -1
    return Difference(
        amount=sign * (best.value - first.value),
        standard_error=standard_error_of_difference(first.standard_error, best.standard_error),
    )


def gain(study: StudyOverview | StudyRecord) -> Gain | None:
    """None for a study that took nothing over, that has several objectives, or whose trial 0 or best has no value."""
    difference = over_trial_0(study)
    if study.taken_over is None or difference is None or study.best is None:
        return None
    return Gain(
        source=study.taken_over.source,
        over_winner=study.taken_over.winner,
        first=study.taken_over.first,
        best_trial=study.best.number,
        amount=difference.amount,
        standard_error=difference.standard_error,
    )
