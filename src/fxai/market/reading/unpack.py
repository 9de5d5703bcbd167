"""Unpacks compressed files."""

import gzip
import zlib

from fxai.errors import DataError


def unpacked(raw: bytes, name: str) -> bytes:
    """The content of a gzip file; other content as it is.

    Raises:
        DataError: If the file is damaged.
    """
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name}: the gzip file is damaged or truncated ({error})") from error
