"""The files that `data.source` names: one file, the files of a folder, or those that match a pattern."""

import glob
import hashlib
from collections.abc import Sequence
from pathlib import Path

SUFFIXES = (".csv", ".txt", ".tsv", ".json", ".jsonl", ".parquet", ".arrow", ".feather", ".gz", ".zst", ".zip")
"""Ends of the names of the files of a folder that are read."""


def source_paths(path: Path) -> tuple[Path, ...]:
    """Returns the files of a source in the order of their names; none if there is no such file.

    Args:
        path: A file, a folder, or a path with `*`, `?` or `[`.

    Raises:
        OSError: The path is not valid, or the folder cannot be read.
    """
    if path.is_file():
        return (path,)
    if path.is_dir():
        return tuple(sorted(each for each in path.iterdir() if each.is_file() and each.suffix.lower() in SUFFIXES))
    if not glob.has_magic(str(path)):
        return (path,) if path.exists() else ()  # such as a pipe
    return tuple(sorted(each for each in map(Path, glob.glob(str(path))) if each.is_file()))  # noqa: PTH207 - any path


def instrument_paths(path: Path) -> dict[str, Path] | None:
    """Returns the files of a folder or a pattern by the names of their instruments; None for a single file.

    The name of an instrument is that of its file without the ends in `SUFFIXES`.

    Raises:
        OSError: As by `source_paths`.
        ValueError: Two files have the same name without their ends.
    """
    if path.is_file():
        return None
    found: dict[str, Path] = {}
    for each in source_paths(path):
        name = _stem(each)
        if name in found:
            raise ValueError(f"{found[name].name} and {each.name} would both be the instrument {name}")
        found[name] = each
    return found


def _stem(path: Path) -> str:
    name = path.name
    while (end := Path(name).suffix) and end.lower() in SUFFIXES:
        name = name.removesuffix(end)
    return name


def files_hash(hashes: Sequence[str]) -> str:
    """Returns the SHA-256 of a source by the SHA-256 of its files in their order; their names do not count."""
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
