"""What a study gained over the one that it took over from."""

import math
from dataclasses import dataclass

from pydantic import JsonValue

from fxai.results.brief import StudyBrief
from fxai.results.record import StudyRecord


@dataclass(frozen=True, slots=True)
class Gain:
    """The best trial against trial 0 on this study's budget.

    The best trial was chosen by the very values that are compared, so a gain is rather too large than too
    small; positive is better in either direction.
    """

    source: str
    over_winner: bool  # whether trial 0 is what the source had found; else it is the default configuration
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


def gain(study: StudyBrief | StudyRecord) -> Gain | None:
    """None for a study that took nothing over, that has several objectives, or whose trial 0 or best has no value."""
    first, best, taken_over = study.first, study.best, study.taken_over
    if taken_over is None or first is None or best is None or study.front:
        return None
    if first.value is None or best.value is None:
        return None
    sign = 1 if study.direction == "maximize" else -1
    errors = [trial.standard_error for trial in (first, best)]
    known = [error for error in errors if error is not None]
    return Gain(
        source=taken_over.source,
        over_winner=taken_over.winner,
        best_trial=best.number,
        amount=sign * (best.value - first.value),
        standard_error=math.hypot(*known) if len(known) == len(errors) else None,
    )
