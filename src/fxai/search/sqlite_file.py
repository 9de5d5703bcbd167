"""A SQLite file that holds studies, or cannot: what may be wrong with it, said without changing it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from fxai.errors import StorageError

BUSY_SECONDS = 60


def check_sqlite(path: Path, *, must_exist: bool = False) -> None:
    """Refuse a SQLite file that cannot hold studies, and leave it as it is.

    Raises `StorageError` for a missing folder, a folder in the file's place, a file that is no
    database, and a damaged one. A file that does not exist yet is fine unless it must.
    """
    _check_place(path, must_exist=must_exist)
    if path.exists():
        with _explained(path):
            verdict = _quick_check(path)
        if verdict != "ok":
            raise StorageError(_unusable(path, verdict))


@contextmanager
def opened_to_look(path: Path) -> Iterator[sqlite3.Connection]:
    """A file of studies at one moment; nothing can be written through the connection.

    Raises `StorageError` for what `check_sqlite` refuses, damage as far as it is met.
    """
    _check_place(path, must_exist=True)
    with _explained(path), closing(_connected(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'studies'").fetchone() is None:
            raise StorageError(f"{path} holds no studies")
        yield connection


def _connected(path: Path) -> sqlite3.Connection:
    """Not as `mode=ro`: a reader must be able to roll back what a killed run left half written."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _check_place(path: Path, *, must_exist: bool) -> None:
    if not path.parent.is_dir():
        raise StorageError(f"cannot open {path}: the folder {path.parent} does not exist; create it first")
    if path.is_dir():
        raise StorageError(f"cannot open {path}: it is a folder, not a database")
    if must_exist and not path.exists():
        raise StorageError(f"there is no study database {path}; run a study first, or name another with --storage")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:  # locked, no permission: the file itself may be sound
        raise StorageError(f"cannot open {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StorageError(_unusable(path, str(error))) from error


def _quick_check(path: Path) -> str:
    with closing(_connected(path)) as connection:
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict == "ok" and path.stat().st_size:
            connection.execute("PRAGMA journal_mode=DELETE")  # the mode of a file outlives who set it
    return verdict


def _unusable(path: Path, reason: str) -> str:
    reason = " ".join(reason.split())
    return (
        f"cannot use {path} as a study database: {reason}. The file was left as it is; restore it from a "
        "copy, or name another database with --storage"
    )
