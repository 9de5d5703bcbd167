"""The rule for rows that cannot be bars: empty cells, prices that are not above zero, negative volumes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import ReadingNote
from fxai.market.reading.rows import NAMED, row_names


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that makes rows invalid."""

    text: str  # `close is empty`
    wrong: NDArray[np.bool_]  # [row]
    way_out: str = ""  # `data.spread_column to null`, which leaves the rows valid


def valid_rows(
    faults: Sequence[Fault], numbers: NDArray[np.int64], rule: str, source: str
) -> tuple[NDArray[np.bool_] | None, tuple[ReadingNote, ...]]:
    """Whether each row is valid, None if all are, and notes on invalid rows.

    Args:
        faults: What can make rows invalid.
        numbers: Number of each row in the file [row].
        rule: `data.clean.invalid`: `refuse`, or `drop`.
        source: Name in messages.

    Raises:
        DataError: If a row is invalid and the rule is `refuse`, or if no row is valid; the message has the rows.
    """
    found = [each for each in faults if each.wrong.any()]
    if not found:
        return None, ()
    first = numbers[found[0].wrong].tolist()
    if rule == "refuse":
        way_out = f", or {found[0].way_out}" if found[0].way_out else ""
        raise DataError(
            f"{source}: {found[0].text} in {row_names(first)}; correct or remove the rows, or set data.clean.invalid "
            f"to drop{way_out}"
        )
    valid = ~np.logical_or.reduce([each.wrong for each in found])
    if not valid.any():
        raise DataError(f"{source}: no row is valid; {found[0].text} in {row_names(first)}")
    notes = [
        ReadingNote(
            "invalid rows",
            f"{each.text}; the row is not used",
            int(each.wrong.sum()),
            tuple(numbers[each.wrong][:NAMED].tolist()),
        )
        for each in found
    ]
    return valid, tuple(notes)
