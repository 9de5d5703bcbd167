"""Rewrites timestamps such as `2020.01.31 22:00` to ISO 8601, which Arrow reads faster than regular expressions do."""

import re

import numpy as np
import pyarrow as pa

_YEAR_FIRST = re.compile(r"\d{4}(?P<mark>[./])\d\d(?P=mark)\d\d(?!\d)")
_OFFSETS = {pa.string(): np.int32, pa.large_string(): np.int64}
_MARKS = (4, 7)  # places of the two marks in the text


def with_dashes(texts: pa.Array) -> pa.Array:
    """The texts [row] with dashes in the date.

    They are returned as they are if they have different widths, or dates in another form. The digits are not checked.

    Args:
        texts: Strings without nulls, at least one.
    """
    first = str(texts[0].as_py())
    found = _YEAR_FIRST.match(first)
    if found is None or not first.isascii() or texts.type not in _OFFSETS:
        return texts
    offsets = np.frombuffer(texts.buffers()[1], _OFFSETS[texts.type])[texts.offset : texts.offset + len(texts) + 1]
    width = len(first)
    if not (np.diff(offsets) == width).all():
        return texts
    data = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    marks = data.reshape(-1, width)[:, _MARKS]
    if not (marks == ord(found["mark"])).all():
        return texts
    dashed = data.copy()
    dashed.reshape(-1, width)[:, _MARKS] = ord("-")
    places = pa.py_buffer(offsets - offsets[0])
    return pa.Array.from_buffers(texts.type, len(texts), [None, places, pa.py_buffer(dashed)])
