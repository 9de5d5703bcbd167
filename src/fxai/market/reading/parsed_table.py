"""A table as it was read from the bytes of a file."""

from dataclasses import dataclass

import pandas as pd

from fxai.market.bars import ReadingNote


@dataclass(frozen=True, slots=True, eq=False)
class ParsedTable:
    """The columns of a file, and what was assumed when they were read."""

    name: str  # in messages
    frame: pd.DataFrame  # under the file's names, indexed by row number from 1
    notes: tuple[ReadingNote, ...] = ()
    is_array: bool = False  # an array of factors, which are columns of the rows of another table
