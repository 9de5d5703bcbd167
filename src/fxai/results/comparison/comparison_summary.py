"""Sentences about the studies of a group: which is better, and reasons against a comparison."""

from collections.abc import Iterator, Sequence

from fxai.metric_text import difference_text
from fxai.protocol.standard_error import standard_error_of_difference
from fxai.results.comparison.compared import ComparedStudy
from fxai.search.comparable import scoring_differences
from fxai.spec.search.metric_goals import Goal

_CLEAR = 2.0  # standard errors
_MOST_NAMED = 4
_GROUPED_BY = ("metric_name", "direction")
_AS_MANY = 1.5


def comparison_summary(goal: Goal, ranked: Sequence[ComparedStudy]) -> str:
    """A sentence about which study is better and by how much; `ranked` has the best study first."""
    if len(ranked) == 1:
        return f"Only {ranked[0].label} has this goal: {goal.direction} {goal.metric}."
    first, second = ranked[:2]
    values = [each.best.value for each in (first, second) if each.best is not None and each.best.value is not None]
    if second.best is None or first.best is None or len(values) < 2:  # noqa: PLR2004 - both studies
        return "Fewer than two of the studies have a best trial with a value in the search."
    if values[0] == values[1]:
        return f"{first.label} and {second.label} have the same best value."
    gap = abs(values[0] - values[1])
    trading = first.analysis.trading and second.analysis.trading
    of_seeds = _have_same_bars(first, second)
    known = [each.errors.seeds if of_seeds else each.standard_error for each in (first.best, second.best)]
    error = standard_error_of_difference(*known)
    errors = "standard errors of the seeds; both are scored on the same bars" if of_seeds else "standard errors"
    if error is None:
        amount = difference_text(goal.metric, gap, None, trading=trading)
        return f"{first.label} leads {second.label} by {amount}. Without standard errors, this may be chance."
    amount = difference_text(goal.metric, gap, error, trading=trading)
    if gap > _CLEAR * error:
        return f"{first.label} leads {second.label} by {amount}, more than two {errors}."
    return f"{first.label} leads {second.label} by {amount}. This is within two {errors}, so it may be chance."


def _have_same_bars(first: ComparedStudy, second: ComparedStudy) -> bool:
    """Whether both studies score FxAI's agents on the same bars; the errors of the market then cannot be added up."""
    if first.fingerprint is None or second.fingerprint is None:
        return False
    trading = first.analysis.trading and second.analysis.trading
    return trading and not any(scoring_differences(first.fingerprint, second.fingerprint))


def cautions(studies: Sequence[ComparedStudy]) -> Iterator[str]:
    """Reasons against a comparison of the studies' values."""
    if len(studies) == 1:
        return
    foreign = [study.label for study in studies if study.fingerprint is None]
    if foreign:
        listed = ", ".join(foreign)
        yield f"Studies of other programs, whose scoring is not known: {listed}."
    yield from _scored_differently([study for study in studies if study.fingerprint is not None])
    counts = {study.label: study.progress.finished for study in studies}
    if max(counts.values()) > _AS_MANY * min(counts.values()):
        listed = ", ".join(f"{label} {count:,}" for label, count in counts.items())
        yield f"Finished trials: {listed}. The best of more trials is better by chance alone."


def _scored_differently(studies: Sequence[ComparedStudy]) -> Iterator[str]:
    """The settings of the scoring in which each study differs from the first."""
    for other in studies[1:]:
        differing = scoring_differences(studies[0].fingerprint or {}, other.fingerprint or {})
        names = [name for name in differing if name not in _GROUPED_BY]
        if names:
            further = len(names) - _MOST_NAMED
            listed = ", ".join(names[:_MOST_NAMED]) + (f" and {further} more" if further > 0 else "")
            yield f"{studies[0].label} and {other.label} score their trials differently. They differ in {listed}."
