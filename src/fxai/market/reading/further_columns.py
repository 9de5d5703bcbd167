"""Further columns of a file that are features: `data.features.columns`."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray, ReadingNote, TimeArray
from fxai.market.reading.columns import has_other_meaning, plain_name
from fxai.market.reading.invalid import Fault
from fxai.market.reading.numbers import numbers
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import ALL
from fxai.spec.fields.suggestion import did_you_mean

_NUMBER = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:[.,' ]\d{3})+)?(?:[.,]\d*)?(?:[eE][-+]?\d+)?")


def further_columns(
    table: pd.DataFrame, read: Iterable[str], config: DataConfig, source: str
) -> tuple[dict[str, str], tuple[ReadingNote, ...]]:
    """The file's names of further columns by the names of their features, and a note for `all`.

    A feature has the name of the spec, or for `all` the name of the file.

    Args:
        table: Cells of any type.
        read: Columns that are read as times, prices, volume, spread and instrument.
        config: `features.columns`.
        source: Name in messages.

    Raises:
        DataError: If the file has no such column, or no column for `all`.
    """
    names, wanted = [str(name) for name in table.columns], config.features.columns
    if wanted != ALL:
        return {name: _file_name(name, names, source) for name in wanted}, ()
    others = [name for name in names if name not in set(read) and not has_other_meaning(name)]
    found = {name.strip().strip("\"'<>"): name for name in others if _has_numbers(table[name])}
    if not found:
        raise DataError(
            f"{source}: data.features.columns is all, but the file has no further column of numbers; it has "
            f"{', '.join(names)}"
        )
    text = f"features of columns: {', '.join(found)}"
    if left := [name for name in others if name not in found.values()]:
        text += f"; other columns have cells that are no numbers, or none: {', '.join(left)}"
    return found, (ReadingNote("columns", text, len(table)),)


def further_values(
    table: pd.DataFrame, further: Mapping[str, str], time: TimeArray, source: str
) -> tuple[dict[str, FloatArray], list[Fault]]:
    """The values of further columns by the names of their features [row], and the empty cells as faults.

    Cells before the first value of a column, in the order of time, may be empty.

    Raises:
        DataError: If a cell is no finite number, or a column is empty.
    """
    values: dict[str, FloatArray] = {}
    faults: list[Fault] = []
    for name, column in further.items():
        if pd.api.types.is_datetime64_any_dtype(table[column]):
            raise DataError(f"{source}: {column} is a column of times, not of numbers; correct data.features.columns")
        values[name] = numbers(table, column, source)
        empty = np.isnan(values[name])
        if empty.all():
            raise DataError(f"{source}: {column} is empty in all rows; remove it from data.features.columns")
        if empty.any():
            late = empty & (time > time[~empty].min())
            faults.append(Fault(f"{column} is empty", late, f"remove {name} from data.features.columns"))
    return values, faults


def _file_name(wanted: str, names: Sequence[str], source: str) -> str:
    """The file's name of a column that `data.features.columns` has; capitals and signs around it don't matter."""
    found = [name for name in names if name == wanted] or [
        name for name in names if plain_name(name) == plain_name(wanted)
    ]
    if not found:
        near = did_you_mean(wanted, [name.strip() for name in names])
        raise DataError(
            f"{source}: data.features.columns has {wanted!r}, but the file has no such column{near or '.'} It has "
            f"{', '.join(names)}"
        )
    if len(found) > 1:
        raise DataError(f"{source}: the column {found[0]!r} occurs more than once; keep one of them")
    return found[0]


def _has_numbers(cells: pd.Series | pd.DataFrame) -> bool:
    """Whether a column has numbers and no other cells but empty ones; not for a name that occurs more than once."""
    if isinstance(cells, pd.DataFrame) or pd.api.types.is_datetime64_any_dtype(cells):
        return False
    filled = cells.dropna()
    if pd.api.types.is_numeric_dtype(cells):
        return not filled.empty
    texts = filled.astype(str).str.strip()
    return not texts.empty and bool((texts.ne("") & texts.str.fullmatch(_NUMBER)).all())
