"""What a study gained over its trial 0, and over the study that it took over from."""

import math
from dataclasses import dataclass

from optuna import Study
from pydantic import JsonValue

from fxai.results.record import StudyRecord
from fxai.search import attributes
from fxai.spec.overlay import Overlay


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


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one trial's value is than another's."""

    amount: float  # positive is better in either direction
    standard_error: float | None  # None where one of them has one seed


def over_trial_0(record: StudyRecord) -> Difference | None:
    """The best trial against trial 0; None where one of them has no value, and of several objectives."""
    if record.best is None or record.front:
        return None
    first, best = record.trials[0], record.best
    if first.value is None or best.value is None:
        return None
    sign = 1 if record.direction == "maximize" else -1
    errors = [trial.standard_error for trial in (first, best)]
    known = [error for error in errors if error is not None]
    return Difference(
        amount=sign * (best.value - first.value),
        standard_error=math.hypot(*known) if len(known) == len(errors) else None,
    )


def gain(study: Study) -> Gain | None:
    """None for a study that took nothing over, that has several objectives, or whose trial 0 or best has no value."""
    stored, record = study.user_attrs.get(attributes.TRANSFER), StudyRecord.of(study)
    difference = over_trial_0(record)
    if stored is None or difference is None or record.best is None:
        return None
    overlay = Overlay.model_validate(stored)
    return Gain(
        source=overlay.source.study_name,
        over_winner=bool(overlay.fixed),
        best_trial=record.best.number,
        amount=difference.amount,
        standard_error=difference.standard_error,
    )
