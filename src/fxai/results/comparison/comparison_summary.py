"""Who leads among studies of one metric, and what stands against comparing their values."""

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
    """A sentence on who leads and by how much; of the studies, those with the better best values come first."""
    if len(ranked) == 1:
        return f"{ranked[0].label} is alone in this: {goal.direction} {goal.metric}."
    first, second = ranked[:2]
    if second.best is None or first.best is None:
        return "Fewer than two of them have a completed trial."
    values = [each.best.value or 0.0 for each in (first, second) if each.best is not None]
    if values[0] == values[1]:
        return f"{first.label} and {second.label} have the same best value."
    gap = abs(values[0] - values[1])
    trading = first.analysis.trading and second.analysis.trading
    error = standard_error_of_difference(first.best.standard_error, second.best.standard_error)
    if error is None:
        doubt = "without standard errors, whether by luck cannot be said"
        amount = difference_text(goal.metric, gap, None, trading=trading)
        return f"{first.label} leads {second.label} by {amount}; {doubt}."
    amount = difference_text(goal.metric, gap, error, trading=trading)
    if gap > _CLEAR * error:
        return f"{first.label} leads {second.label} by {amount}, more than two standard errors."
    return f"{first.label} leads {second.label} by {amount}; within two standard errors that may be luck."


def cautions(studies: Sequence[ComparedStudy]) -> Iterator[str]:
    """What a reader should know before putting their values side by side."""
    if len(studies) == 1:
        return
    strangers = [study.label for study in studies if study.fingerprint is None]
    if strangers:
        listed = ", ".join(strangers)
        yield f"Not made by FxAI, so that nobody knows how their trials were scored: {listed}."
    yield from _unlike([study for study in studies if study.fingerprint is not None])
    counts = {study.label: study.progress.finished for study in studies}
    if max(counts.values()) > _AS_MANY * min(counts.values()):
        listed = ", ".join(f"{label} has {count:,}" for label, count in counts.items())
        yield (
            f"The studies have different numbers of finished trials: {listed}. "
            "With more trials the best value becomes better by chance alone."
        )


def _unlike(studies: Sequence[ComparedStudy]) -> Iterator[str]:
    """In what each is scored differently than the first."""
    for other in studies[1:]:
        differing = scoring_differences(studies[0].fingerprint or {}, other.fingerprint or {})
        names = [name for name in differing if name not in _GROUPED_BY]
        if names:
            further = len(names) - _MOST_NAMED
            listed = ", ".join(names[:_MOST_NAMED]) + (f" and {further} further" if further > 0 else "")
            yield f"{studies[0].label} and {other.label} are not scored alike: they differ in {listed}."
