"""What was found, in a few sentences: the winner, its gain over trial 0, and what to think of it."""

from fxai.metric_text import number_text
from fxai.results.gain import Difference, over_trial_0
from fxai.results.record import TrialRecord, first_trial_called
from fxai.results.report.blocks import Headline
from fxai.results.report.study_info import StudyInfo
from fxai.search.stored_trial import StoredState

CLEAR = 2.0  # standard errors, from which on a difference is called clear


def headline_of(info: StudyInfo) -> Headline:
    record, best = info.record, info.record.best
    finished = sum(trial.state.is_finished() for trial in info.own)
    if best is None or best.value is None:
        return Headline(_without_winner(info, finished))
    if record.front:
        return Headline(
            f"{len(record.front)} of {_trials(finished)} form the Pareto front: no other beats them in all objectives.",
            f"Its knee, the compromise that gives up least, is trial {best.number} with "
            + ", ".join(
                f"{name} {number_text(name, value, trading=info.trading)}" for name, value in best.values.items()
            )
            + ".",
        )
    value = f"{record.metric} {info.value_text(best.value, best.standard_error)}"
    if best.number == 0 and info.default is not None and finished > 1:
        return Headline(
            f"No trial did better than trial 0, {_called(info)}: {value}.",
            f"It is the best of {_trials(finished)}.",
        )
    return Headline(
        f"Trial {best.number} is the best of {_trials(finished)}: {value}.",
        _comparison(info, best),
        _caution(over_trial_0(record) if info.default is not None else None),
    )


def _trials(count: int, noun: str = "trial") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _without_winner(info: StudyInfo, finished: int) -> str:
    if not finished:
        return "No trial has finished yet."
    counts = [
        f"{count} {word}"
        for state, word in ((StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))
        if (count := info.record.count(state))
    ]
    return f"None of {_trials(finished, 'finished trial')} ran to its end: {' and '.join(counts) or 'none counts'}."


def _comparison(info: StudyInfo, best: TrialRecord) -> str:
    first = info.default
    if first is None or first.number == best.number:
        return ""
    difference = over_trial_0(info.record)
    if first.value is None or difference is None:
        became = {"pruned": "was pruned", "fail": "failed", "running": "is still running", "waiting": "has yet to run"}
        what = became.get(first.standing, "has no value")
        return f"Trial 0, {_called(info)}, {what}, so there is nothing to compare it with."
    gained = info.difference_text(difference.amount, difference.standard_error)
    return (
        f"That is {gained} better than trial 0, {_called(info)}, which came to "
        f"{info.value_text(first.value, first.standard_error)}."
    )


def _called(info: StudyInfo) -> str:
    """What trial 0 is: the default configuration, the starting point, or what the study took over."""
    return first_trial_called(info.stored.user_attrs)


def _caution(difference: Difference | None) -> str:
    if difference is None:
        return ""
    optimistic = "The best trial was chosen by these very values, so its gain is rather too large than too small."
    if difference.standard_error is None:
        return f"Each trial has one seed, so nothing says how much of the gain is luck. {optimistic}"
    if difference.amount > CLEAR * difference.standard_error:
        return f"The gain is {difference.amount / difference.standard_error:.1f} times its standard error. {optimistic}"
    return f"The gain is less than twice its standard error, so it may well be luck. {optimistic}"


def is_clear(difference: Difference) -> bool:
    """Whether a difference is more than two standard errors."""
    error = difference.standard_error
    return error is not None and difference.amount > CLEAR * error
