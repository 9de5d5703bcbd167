"""The rule that decides which word of a verdict holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ConfigDict

from fxai.evaluation.mean_difference import (
    MeanDifference,
    further_bars_until_decided,
    further_bars_until_undecided,
)
from fxai.evaluation.verdict_word import VerdictWord


@dataclass(frozen=True, slots=True)
class WordChange:
    """How many further bars would change the word, and to which."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    bars: int
    to: VerdictWord
    same_mean: bool  # the further bars have the same mean differences; else their mean differences are 0


def decided_word(to_flat: MeanDifference, to_default: MeanDifference | None, *, is_flat: bool) -> VerdictWord:
    """The word for the differences of the winner's mean return to doing nothing and to the default.

    The conditions are tested in this order: the winner never trades; an upper bound is below 0; the mean is not above
    0; the mean is not above the default's; both lower bounds are above 0.

    Args:
        to_flat: The difference to doing nothing, which is the mean return.
        to_default: The difference to the default; None without a default, and then the winner is never called better.
        is_flat: Whether the winner never trades.
    """
    differences = [to_flat] if to_default is None else [to_flat, to_default]
    if is_flat:
        return VerdictWord.NOT_ABOVE_FLAT
    if any(each.is_below for each in differences):
        return VerdictWord.WORSE
    if to_flat.value <= 0:
        return VerdictWord.NOT_ABOVE_FLAT
    if to_default is not None and to_default.value <= 0:
        return VerdictWord.NOT_ABOVE_DEFAULT
    if to_default is not None and all(each.is_above for each in differences):
        return VerdictWord.BETTER
    return VerdictWord.LUCK


def word_change(
    word: VerdictWord, to_flat: MeanDifference, to_default: MeanDifference | None, confidence: float
) -> WordChange | None:
    """The number of further bars after which another word would hold; None if none does or if it is unknown.

    "worse" and "better" are undone by bars without a difference. The other words become one of these two by bars with
    the same mean differences and the same volatility.
    """
    if word is VerdictWord.WORSE:
        below = [each for each in (to_flat, to_default) if each is not None and each.is_below]
        undone = _all_known([further_bars_until_undecided(each, confidence) for each in below])
        after = VerdictWord.NOT_ABOVE_FLAT if to_flat.value <= 0 else VerdictWord.NOT_ABOVE_DEFAULT
        return WordChange(max(undone), after, same_mean=False) if undone else None
    if word in {VerdictWord.NOT_ABOVE_FLAT, VerdictWord.NOT_ABOVE_DEFAULT}:
        behind = [each for each in (to_flat, to_default) if each is not None and each.value < 0]
        decided = [bars for each in behind if (bars := further_bars_until_decided(each, confidence)) is not None]
        return WordChange(min(decided), VerdictWord.WORSE, same_mean=True) if decided else None
    if to_default is None:
        return None
    if word is VerdictWord.BETTER:
        undone = _all_known([further_bars_until_undecided(each, confidence) for each in (to_flat, to_default)])
        return WordChange(min(undone), VerdictWord.LUCK, same_mean=False) if undone else None
    decided = _all_known([further_bars_until_decided(each, confidence) for each in (to_flat, to_default)])
    return WordChange(max(decided), VerdictWord.BETTER, same_mean=True) if decided else None


def _all_known(bars: Sequence[int | None]) -> list[int]:
    """The numbers of bars; empty if one of them is unknown."""
    known = [each for each in bars if each is not None]
    return known if len(known) == len(bars) else []
