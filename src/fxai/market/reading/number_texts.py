"""Finds the decimal sign of numbers in text, and writes them with decimal points alone.

The prices of all columns decide together. Thousands may be separated by the other sign, a space or an apostrophe.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fxai.errors import DataError
from fxai.market.bars import ReadingNote
from fxai.spec.fields.data_config import DataConfig

_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_AROUND = r"[\s'$\x{20ac}\x{00a3}\x{2019}\x{00a0}\x{202f}]"  # separators of thousands, and signs of currencies
# Cells with a decimal comma, and cells with a decimal point, beyond doubt: the sign is not between one to three digits
# and three digits, or is behind the other sign, or the other sign separates several groups.
_UNAMBIGUOUS = (
    r",(?:\d{0,2}|\d{4,})$|\..*,|^[-+]?(?:0?|\d{4,}),|\.\d{3}\.\d{3}$",
    r"\.(?:\d{0,2}|\d{4,})$|,.*\.|^[-+]?(?:0?|\d{4,})\.|,\d{3},\d{3}$",
)
_WITH_SUFFIX = r"[KMBT]$"
_SUFFIXES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_NONE = ("-", "—")  # an absent volume


@dataclass(frozen=True, slots=True)
class _Texts:
    """A column of text."""

    name: str
    cells: pa.Array  # [row], without spaces, apostrophes and signs of currencies

    def have(self, pattern: str) -> bool:
        return bool(pc.any(pc.match_substring_regex(self.cells, pattern)).as_py())

    def count(self, pattern: str) -> int:
        """Number of cells that match."""
        return int(pc.sum(pc.match_substring_regex(self.cells, pattern)).as_py() or 0)

    def first_without(self, pattern: str) -> int | None:
        """Position of the first cell that does not match, empty cells left out."""
        found = pc.index(pc.match_substring_regex(self.cells, pattern), False).as_py()
        return None if found < 0 else int(found)


def with_plain_numbers(
    table: pd.DataFrame, prices: Sequence[str], others: Sequence[str], config: DataConfig, source: str
) -> tuple[pd.DataFrame, tuple[ReadingNote, ...]]:
    """The table with numbers that `float` reads, and a note if commas were interpreted.

    Args:
        table: Cells of any type, indexed by row number.
        prices: Names of the columns that decide the decimal sign together.
        others: Names of the columns of the volume and the spread.
        config: `decimal`.
        source: Name in messages.

    Raises:
        DataError: If `1,234` may be 1234 or 1.234, or a cell does not fit the sign of the others.
    """
    priced, further = _texts(table, prices), _texts(table, others)
    if not priced and not further:
        return table, ()
    sign = config.decimal or _decimal_sign(priced, table, source)
    changed = {column.name: _plain(column, sign, table, source) for column in priced}
    changed |= {column.name: _plain_volume(column, sign, table, source) for column in further}
    if not any(column.have(",") for column in (*priced, *further)):
        return table.assign(**changed), ()
    text = "the decimal sign is a comma" if sign == "," else "commas separate thousands"
    return table.assign(**changed), (ReadingNote("numbers", text, len(table)),)


def _texts(table: pd.DataFrame, names: Sequence[str]) -> list[_Texts]:
    """Those columns that are text."""
    found = []
    for name in names:
        if not isinstance(table[name].dtype, pd.StringDtype):
            continue
        cells = pa.array(table[name], from_pandas=True)
        cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
        found.append(_Texts(name, pc.replace_substring_regex(cells, _AROUND, "")))
    return found


def _decimal_sign(prices: Sequence[_Texts], table: pd.DataFrame, source: str) -> str:
    with_comma = [column for column in prices if column.have(",")]
    if not with_comma:
        return "."
    commas, points = (sum(column.count(form) for column in prices) for form in _UNAMBIGUOUS)
    if commas or points:
        return "," if commas > points else "."
    cells = table[with_comma[0].name]
    row = int(np.argmax(cells.str.contains(",").to_numpy(dtype=bool, na_value=False)))
    raise DataError(
        f"{source}: row {table.index[row]}: {with_comma[0].name} is {cells.iloc[row]!r}, which may be a number of "
        "thousands or a decimal comma; set data.decimal to '.' or ','"
    )


def _plain(column: _Texts, sign: str, table: pd.DataFrame, source: str) -> pd.Series:
    """The column with decimal points and without separators of thousands."""
    group = "." if sign == "," else ","
    whole = rf"(?:\d+|\d{{1,3}}(?:{re.escape(group)}\d{{3}})+)"
    shape = rf"^[-+]?(?:{whole}(?:{re.escape(sign)}\d*)?|{re.escape(sign)}\d+)(?:[eE][-+]?\d+)?$"
    odd = column.first_without(shape)
    if odd is not None and pc.match_substring_regex(column.cells.slice(odd, 1), r"^[-+]?[\d.,]+$")[0].as_py():
        raise DataError(
            f"{source}: row {table.index[odd]}: {column.name} is {table[column.name].iloc[odd]!r}, which is no number "
            f"with the decimal sign {sign!r}; correct it, or set data.decimal"
        )
    cells = pc.replace_substring(pc.replace_substring(column.cells, group, ""), sign, ".")
    return _series(cells, table)


def _series(cells: pa.Array, table: pd.DataFrame) -> pd.Series:
    texts: pd.Series = cells.to_pandas(types_mapper={cells.type: _TEXT}.get)
    return texts.set_axis(table.index)


def _plain_volume(column: _Texts, sign: str, table: pd.DataFrame, source: str) -> pd.Series:
    """As `_plain`, with suffixes such as those of 1.25K and 3M multiplied, and a dash for an empty cell."""
    cells = pc.if_else(pc.is_in(column.cells, pa.array(_NONE)), None, column.cells)
    if not column.have(_WITH_SUFFIX):
        return _plain(_Texts(column.name, cells), sign, table, source)
    suffix = _series(pc.utf8_slice_codeunits(cells, -1), table)
    numbers = _plain(_Texts(column.name, pc.replace_substring_regex(cells, _WITH_SUFFIX, "")), sign, table, source)
    return pd.to_numeric(numbers, errors="coerce") * suffix.map(_SUFFIXES).fillna(1.0)
