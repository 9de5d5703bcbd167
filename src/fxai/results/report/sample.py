"""A sample of trials that is small enough to draw, with a note about the selection."""

from collections.abc import Sequence

from fxai.results.record import TrialRecord

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def every_kth(trials: Sequence[TrialRecord], most: int, order: str) -> tuple[Sequence[TrialRecord], str]:
    """Every k-th trial, at most `most` trials, including the first.

    Args:
        trials: The trials.
        most: Largest number of trials to keep.
        order: The order of the trials, for the note, e.g. "their numbers".

    Returns:
        The kept trials, and a note about the selection; the note is empty if all are kept.
    """
    stride = -(-len(trials) // most)
    if stride <= 1:
        return trials, ""
    kept = trials[::stride]
    return (
        kept,
        f"Drawn from {len(kept):,} of {len(trials):,} trials: every {_ordinal(stride)} in the order of {order}.",
    )


def _ordinal(number: int) -> str:
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return str(number) + _ENDINGS.get(last, "th")
