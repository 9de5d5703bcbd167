"""Unpacks compressed files: gzip, Zstandard, and zip with one or more files."""

import gzip
import io
import zipfile
import zlib

import pyarrow as pa

from fxai.errors import DataError

_ZSTD = b"\x28\xb5\x2f\xfd"


def unpacked(raw: bytes, name: str) -> tuple[tuple[str, bytes], ...]:
    """Names and contents of the files in a file; a file that is not compressed is returned as it is.

    The files of a zip file are in the order of their names. Names are those for messages.

    Raises:
        DataError: If the file is damaged.
    """
    if raw.startswith(b"PK\x03\x04"):
        return _zip_members(raw, name)
    if raw.startswith(b"\x1f\x8b"):
        try:
            return ((name, gzip.decompress(raw)),)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{name}: the gzip file is damaged or truncated ({error})") from error
    if raw.startswith(_ZSTD):
        try:
            return ((name, pa.CompressedInputStream(pa.BufferReader(raw), "zstd").read()),)
        except OSError as error:
            raise DataError(f"{name}: the Zstandard file is damaged or truncated ({error})") from error
    return ((name, raw),)


def _zip_members(raw: bytes, name: str) -> tuple[tuple[str, bytes], ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = sorted(each for each in archive.namelist() if _is_data(each))
            contents = [archive.read(each) for each in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{name}: the zip file is damaged, or needs a password ({error})") from error
    if not members:
        raise DataError(f"{name}: the zip file has no file in it")
    return tuple((f"{name}/{member}", content) for member, content in zip(members, contents, strict=True))


def _is_data(member: str) -> bool:
    """Whether a member is a file with data; macOS adds hidden ones, and folders are members too."""
    parts = member.split("/")
    return bool(parts[-1]) and not parts[-1].startswith(".") and "__MACOSX" not in parts
