"""Gain of a study's best trial over trial 0, and over the source of a transfer."""

from dataclasses import dataclass

from pydantic import JsonValue

from fxai.protocol.standard_error import standard_error_of_difference
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview


@dataclass(frozen=True, slots=True)
class Gain:
    """Gain of the best trial over trial 0, on this study's budget. Positive is better in both directions.

    The best trial was chosen by the compared values, so the gain is optimistic.
    """

    source: str  # name of the source study
    over_winner: bool  # whether trial 0 has the source's best values
    first: str  # what trial 0 is
    best_trial: int
    amount: float
    standard_error: float | None  # None if it is not known

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
    """Difference of the values of two trials."""

    amount: float  # positive is better in both directions
    standard_error: float | None  # None if the error of one of the trials is not known


def over_trial_0(study: StudyOverview | StudyRecord) -> Difference | None:
    """The difference of the best trial and trial 0; None if one has no value, and with several objectives."""
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
    """The gain; None without a transfer, with several objectives, or if trial 0 or the best trial has no value."""
    difference = over_trial_0(study)
    if study.transfer_origin is None or difference is None or study.best is None:
        return None
    return Gain(
        source=study.transfer_origin.source,
        over_winner=study.transfer_origin.winner,
        first=study.transfer_origin.first,
        best_trial=study.best.number,
        amount=difference.amount,
        standard_error=difference.standard_error,
    )
