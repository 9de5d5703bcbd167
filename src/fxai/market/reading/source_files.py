"""The content of the file that a source names."""

from pathlib import Path

from fxai.errors import DataError


def file_content(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name one CSV or Parquet file") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
