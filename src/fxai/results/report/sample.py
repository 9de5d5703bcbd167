"""Few enough trials to draw, and a word on which they are."""

from collections.abc import Sequence

from fxai.results.record import TrialRecord

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def every_kth(trials: Sequence[TrialRecord], most: int, order: str) -> tuple[Sequence[TrialRecord], str]:
    """At most `most` of the trials, the first among them, and a note that says so; an empty note where all are there.

    `order` says in words how they are ordered.
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
