"""Gain of a study's best trial over trial 0, and over the source of a transfer."""

from dataclasses import dataclass

from pydantic import JsonValue

from fxai.protocol.standard_error import standard_error_of_difference
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
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
    error_note: str = ""  # what the standard error holds

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "over": self.source,
            "over_winner": self.over_winner,
            "best_trial": self.best_trial,
            "gain": self.amount,
            "standard_error": self.standard_error,
            "standard_error_note": self.error_note,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference of the values of two trials."""

    amount: float  # positive is better in both directions
    standard_error: float | None  # None if it is not known
    error_note: str = ""  # a sentence about what the standard error holds; empty for custom code


_SAME_BARS = (
    "The error of the difference holds the seeds and the stretch of market. Both trials are scored on the same bars, "
    "so their returns are compared bar by bar."
)
_SEEDS = (
    "The error of the difference is that of the seeds alone. Both trials are scored on the same bars, and their "
    "returns cannot be compared bar by bar."
)


def over_trial_0(study: StudyOverview | StudyRecord, paths: StudyPaths | None) -> Difference | None:
    """The difference of the best trial and trial 0; None if one has no value, and with several objectives.

    The error of FxAI's agents holds the seeds and the stretch of market if both trials left their returns on each bar.
    Otherwise it holds the seeds alone: the errors of the market cannot be added up, because the bars are the same.

    Args:
        study: The study.
        paths: Files of the study; None if it has no results folder.
    """
    first, best = study.first, study.best
    if first is None or best is None or study.front:
        return None
    if first.value is None or best.value is None:
        return None
    sign = 1 if study.direction == "maximize" else -1
    amount = sign * (best.value - first.value)
    on_same_bars = None
    if study.trading and paths is not None:
        on_same_bars = _error_on_same_bars(study.metric, first, best, paths)
    if on_same_bars is not None:
        return Difference(amount, on_same_bars, _SAME_BARS)
    of_seeds = standard_error_of_difference(first.errors.seeds, best.errors.seeds)
    return Difference(amount, of_seeds, _SEEDS if study.trading and of_seeds is not None else "")


def _error_on_same_bars(metric: str, first: TrialRecord, best: TrialRecord, paths: StudyPaths) -> float | None:
    if first.number == best.number or not paths.trial(best.number).returns.is_file():
        return None
    from fxai.results.same_bars import error_on_same_bars  # noqa: PLC0415 - SciPy is slow to load

    return error_on_same_bars(metric, best, first, paths)


def gain(study: StudyOverview | StudyRecord, paths: StudyPaths | None) -> Gain | None:
    """The gain; None without a transfer, with several objectives, or if trial 0 or the best trial has no value.

    `paths` are those of the study's files; None if it has no results folder.
    """
    if study.transfer_origin is None:
        return None
    difference = over_trial_0(study, paths)
    if difference is None or study.best is None:
        return None
    return Gain(
        source=study.transfer_origin.source,
        over_winner=study.transfer_origin.winner,
        first=study.transfer_origin.first,
        best_trial=study.best.number,
        amount=difference.amount,
        standard_error=difference.standard_error,
        error_note=difference.error_note,
    )
