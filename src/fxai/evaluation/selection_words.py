"""Sentences on the selection for people, the same on the terminal and on pages."""

from fxai.evaluation.overfitting import Overfitting
from fxai.evaluation.selection import DeflatedSharpe, Selection
from fxai.formatting import counted

CAUTION = (
    "The figures of the selection are of the validation bars, on which the trial was chosen, and they decide nothing. "
    "They are optimistic: a sampler that learns from earlier trials proposes trials near the best ones, so the trials "
    "are not independent."
)
_SMALLEST_SHARE = 0.001


def trials_sentence(selection: Selection) -> str:
    """How many trials the figures are of."""
    used = "" if selection.used == selection.complete else f"; the returns of {selection.used} of them are used"
    return f"Of {counted(selection.tried, 'trial')} that ended, {selection.complete} are complete{used}."


def summary(selection: Selection, trial: int) -> tuple[str, ...]:
    """The PBO and the DSR, one sentence each; empty if they cannot be given."""
    found = []
    if (overfitted := selection.overfitting) is not None:
        found.append(f"PBO {percent(overfitted.probability)}, the {overfitting_meaning(overfitted)}")
    if (deflated := selection.deflated_sharpe) is not None:
        found.append(f"DSR {percent(deflated.probability)}, the {deflated_meaning(deflated, selection.tried, trial)}")
    return tuple(f"Selection on validation, optimistic and deciding nothing: {sentence}" for sentence in found)


def overfitting_meaning(found: Overfitting) -> str:
    """What the PBO is the share of."""
    return (
        f"share of {found.halves:,} choices of half of the bars whose best trial is not in the better half of the "
        "trials on the other bars; about 50 % without skill."
    )


def deflated_meaning(found: DeflatedSharpe, tried: int, trial: int) -> str:
    """What the DSR is the probability of."""
    return (
        f"probability that the true Sharpe ratio of trial {trial}, measured as {found.sharpe:.2f}, is above "
        f"{found.expected_best:.2f}, the expected best of {counted(tried, 'trial')} without skill."
    )


def percent(share: float) -> str:
    """A share with three digits; one that is near 0 or 1, and neither, is not rounded to it."""
    if 0 < share < _SMALLEST_SHARE:
        return "less than 0.1 %"
    return "more than 99.9 %" if 1 - _SMALLEST_SHARE < share < 1 else f"{100 * share:.3g} %"
