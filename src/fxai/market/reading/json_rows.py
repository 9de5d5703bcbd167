"""Reads a table from JSON: a list of bars, or an answer of a data service with such a list in it."""

import json
from collections.abc import Iterator, Sequence

import pandas as pd
from pydantic import JsonValue

from fxai.errors import DataError
from fxai.market.reading.layouts import how_to_name_columns, layout_of

_BEGINNING = 1000  # bytes
_DEEPEST = 3  # levels of an answer that are searched for lists of bars


def json_table(raw: bytes, name: str) -> pd.DataFrame:
    """The bars of a JSON file, one row each, numbered from 1; of several instruments with a column `symbol`.

    Raises:
        DataError: If it is no JSON, or has no list of bars.
    """
    found = list(_bar_lists(_content(raw, name), "", _DEEPEST))
    if not found:
        raise DataError(f"{name}: the JSON has no list of bars, such as [{{'t': 1483308000000, 'o': 1.05, …}}, …]")
    frames = [_frame(rows, name) for _, rows in found]
    if len(frames) > 1:
        frames = [frame.assign(symbol=key) for frame, (key, _) in zip(frames, found, strict=True)]
    table = pd.concat(frames)
    return table.set_axis(pd.RangeIndex(1, len(table) + 1)).rename(columns=str)


def looks_like_json(raw: bytes) -> bool:
    """Whether the first character is one that begins JSON and no CSV."""
    return raw[:_BEGINNING].lstrip()[:1] in (b"[", b"{")


def _content(raw: bytes, name: str) -> JsonValue:
    try:
        content: JsonValue = json.loads(raw)
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: the JSON is not text in UTF-8") from error
    except (ValueError, RecursionError) as error:
        lines = [line for line in raw.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            raise DataError(f"{name}: the JSON cannot be read ({error})") from error
    return content


def _bar_lists(content: JsonValue, key: str, deepest: int) -> Iterator[tuple[str, list[JsonValue]]]:
    """The lists of objects or of lists within a JSON value, with the keys at which they are."""
    if isinstance(content, list):
        if content and all(isinstance(row, dict | list) for row in content):
            yield key, content
    elif isinstance(content, dict) and deepest:
        for inner, value in content.items():
            yield from _bar_lists(value, inner, deepest - 1)


def _frame(rows: Sequence[JsonValue], name: str) -> pd.DataFrame:
    named = [row for row in rows if isinstance(row, dict)]
    if len(named) == len(rows):
        return pd.DataFrame.from_records(named)
    widths = {len(row) for row in rows if isinstance(row, list)}
    if len(widths) != 1 or not all(isinstance(row, list) for row in rows):
        raise DataError(f"{name}: the rows of the JSON differ in their length")
    frame = pd.DataFrame(rows)
    layout = layout_of([str(cell) for cell in frame.iloc[0]])
    if layout is None:
        raise DataError(
            f"{name}: the rows of the JSON have no names, the first one is {rows[0]}. {how_to_name_columns()}"
        )
    return frame.set_axis(list(layout.columns), axis="columns")
