"""The result of a study in a few sentences: the best trial, its difference to trial 0, and its error."""

from dataclasses import replace

from fxai.formatting import counted
from fxai.metric_text import number_text
from fxai.results.gain import Difference
from fxai.results.record import TrialRecord, first_trial_called
from fxai.results.report.blocks import Headline
from fxai.results.report.study_info import StudyInfo
from fxai.results.summary import StudySummary
from fxai.search.confirmed import Confirmed
from fxai.search.stored_trial import StoredState

CLEAR = 2.0  # standard errors; a larger difference counts as clear


def headline_of(info: StudyInfo) -> Headline:
    """The headline; it names a best trial that scores no more than an agent that never trades."""
    found = _headline(info)
    beside = StudySummary.of(info.record).beside_doing_nothing
    return replace(found, finding=f"{found.finding} {beside}") if beside else found


def _headline(info: StudyInfo) -> Headline:
    record, best = info.record, info.record.best
    finished = sum(trial.state.is_finished() for trial in info.own)
    trials = counted(finished, "trial")
    if best is None or record.best_value is None:
        return Headline(_without_winner(info, finished))
    if record.front:
        return Headline(
            f"{len(record.front)} of {trials} form the Pareto front: no trial is better in all objectives.",
            f"The knee of the front is trial {best.number} with "
            + ", ".join(
                f"{name} {number_text(name, value, trading=info.trading)}" for name, value in best.values.items()
            )
            + ".",
        )
    if record.confirmed is not None and record.confirmed.trial == best.number:
        return _confirmed(info, best, record.confirmed)
    value = f"{record.metric} {info.value_text(record.best_value, best.standard_error)}"
    if best.number == 0 and info.default is not None and finished > 1:
        return Headline(
            f"No trial is better than trial 0, {_trial_0(info)}: {value}.",
            f"Trial 0 is the best of {trials}.",
        )
    return Headline(
        f"Trial {best.number} is the best of {trials}: {value}.",
        _comparison(info, best),
        _caution(info.gain),
    )


def _confirmed(info: StudyInfo, best: TrialRecord, confirmed: Confirmed) -> Headline:
    """The result of a confirmation: the value on fresh seeds, beside the value in the search."""
    fresh = info.value_text(confirmed.value, confirmed.standard_error)
    seeds, raced = counted(len(confirmed.seeds), "fresh seed"), counted(len(confirmed.candidates), "candidate")
    searched = "It was pruned in the search, so it has no value there."
    if best.value is not None:
        value = info.value_text(best.value, best.standard_error)
        searched = f"Its value in the search, by which it was among the candidates, is {value}."
    default = next((each for each in confirmed.candidates if each.trial == 0 and best.number), None)
    beside = ""
    if default is not None and default.value is not None:
        beside = f" Trial 0, {_trial_0(info)}, has {info.value_text(default.value)} on {default.seeds} of these seeds."
    return Headline(
        f"Trial {best.number} is the best of {raced} on {seeds}: {info.record.metric} {fresh}.",
        f"{searched}{beside}",
        "The trial was chosen by the fresh values, so its value is a little optimistic.",
    )


def _without_winner(info: StudyInfo, finished: int) -> str:
    if not finished:
        return "No trial has finished yet."
    counts = [
        f"{count} {word}"
        for state, word in ((StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))
        if (count := info.record.count(state))
    ]
    return f"None of {counted(finished, 'finished trial')} has completed: {' and '.join(counts) or 'none counts'}."


def _comparison(info: StudyInfo, best: TrialRecord) -> str:
    first = info.default
    if first is None or first.number == best.number:
        return ""
    difference = info.gain
    if first.value is None or difference is None:
        states = {"pruned": "was pruned", "fail": "failed", "running": "is still running", "waiting": "has not run yet"}
        state = states.get(first.standing, "has no value")
        return f"Trial 0, {_trial_0(info)}, {state}, so the difference to it is not known."
    apart = info.difference_text(abs(difference.amount), difference.standard_error)
    above = (difference.amount >= 0) == (info.record.direction == "maximize")
    return (
        f"This is {apart} {'above' if above else 'below'} trial 0, {_trial_0(info)}, with "
        f"{info.value_text(first.value, first.standard_error)}."
    )


def _trial_0(info: StudyInfo) -> str:
    """What trial 0 is: the default configuration, the starting point, or the best trial of another study."""
    return first_trial_called(info.stored.user_attrs)


def _caution(difference: Difference | None) -> str:
    if difference is None:
        return ""
    optimistic = "The best trial was chosen by these values, so the difference is optimistic."
    if difference.standard_error is None:
        return f"The error of the difference is not known. {optimistic}"
    note = f"{difference.error_note} {optimistic}".strip()
    if difference.standard_error == 0:
        return f"The standard error of the difference is 0. {note}"
    if difference.amount > CLEAR * difference.standard_error:
        return f"The difference is {difference.amount / difference.standard_error:.1f} times its standard error. {note}"
    return f"The difference is less than twice its standard error, so it may be chance. {note}"


def is_clear(difference: Difference) -> bool:
    """Whether a difference is more than two standard errors."""
    error = difference.standard_error
    return error is not None and difference.amount > CLEAR * error
