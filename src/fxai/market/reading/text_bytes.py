"""Finds the encoding of a text file, and converts it to UTF-8."""

import re

from fxai.errors import DataError
from fxai.market.bars import ReadingNote

_UTF8_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def utf8_text(raw: bytes, name: str) -> tuple[bytes, tuple[ReadingNote, ...]]:
    """The text in UTF-8, and a note if its encoding was assumed.

    Raises:
        DataError: If it is no text.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16").encode(), ()
        except UnicodeDecodeError as error:
            raise _not_text(name) from error
    try:
        if not raw.isascii():  # much faster than decoding
            raw.decode("utf-8")
    except UnicodeDecodeError:
        return _windows_text(raw, name)
    return raw.removeprefix(_UTF8_MARK), ()


def _windows_text(raw: bytes, name: str) -> tuple[bytes, tuple[ReadingNote, ...]]:
    """Text of Windows in Western Europe, as Excel writes it: any bytes besides control characters."""
    if _CONTROL.search(raw):
        raise _not_text(name)
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _not_text(name) from error
    return text.encode(), (ReadingNote("encoding", "the text is not UTF-8 and was read as Windows-1252", 0),)


def _not_text(name: str) -> DataError:
    return DataError(f"{name}: neither Parquet, Arrow nor text in UTF-8, UTF-16 or Windows-1252; export it as CSV")
