"""Checks SQLite files for use as study databases, without changing them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from fxai.errors import StorageError

BUSY_SECONDS = 60
COLUMNS = {  # Optuna's tables with studies, and their columns
    "studies": ("study_id", "study_name"),
    "study_directions": ("direction", "study_id", "objective"),
    "study_user_attributes": ("study_id", "key", "value_json"),
    "study_system_attributes": ("study_id", "key", "value_json"),
    "trials": ("trial_id", "number", "study_id", "state", "datetime_start", "datetime_complete"),
    "trial_user_attributes": ("trial_id", "key", "value_json"),
    "trial_system_attributes": ("trial_id", "key", "value_json"),
    "trial_params": ("trial_id", "param_name", "param_value", "distribution_json"),
    "trial_values": ("trial_id", "objective", "value", "value_type"),
    "trial_intermediate_values": ("trial_id", "step", "intermediate_value", "intermediate_value_type"),
}


def check_sqlite(path: Path, *, must_exist: bool = False) -> None:
    """Check that a SQLite file can be used as a study database; the file is not changed.

    Raises:
        StorageError: For a missing folder, a folder in place of the file, a file that is not a database, or a damaged
            database. A missing file is an error only if `must_exist`.
    """
    _check_place(path, must_exist=must_exist)
    if path.exists():
        with _as_storage_errors(path):
            verdict = _quick_check(path)
        if verdict != "ok":
            raise StorageError(_unusable_message(path, verdict))


@contextmanager
def open_read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Connection to a file of studies at one moment, without write access.

    Raises:
        StorageError: As of `check_sqlite`; damage only if it affects the rows that are read.
    """
    _check_place(path, must_exist=True)
    with _as_storage_errors(path), closing(_connect(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        if not _holds_studies(connection):
            raise StorageError(f"{path} holds no studies")
        connection.text_factory = _decode
        yield connection


def _connect(path: Path) -> sqlite3.Connection:
    """Connect with mode=rw, because a reader must be able to roll back an unfinished transaction of a killed run."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _decode(text: bytes) -> str:
    """Decode text of the database. Bytes that are not UTF-8 become lone surrogates, which `stored_json.py` refuses."""
    return text.decode("utf-8", "surrogateescape")


def _holds_studies(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'studies'").fetchone() is not None


def _missing_column(connection: sqlite3.Connection) -> str | None:
    """A table or column of Optuna's schema that this database lacks, if it has rows of a study.

    If all tables are empty, a run was killed while it created them; the next run creates the others.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    own = [table for table in COLUMNS if table in tables]
    if not any(connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in own):  # noqa: S608
        return None
    for table, columns in COLUMNS.items():
        if table not in tables:
            return f"it has no table {table}"
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in columns:
            if column not in there:
                return f"its table {table} has no column {column}"
    return None


def _check_place(path: Path, *, must_exist: bool) -> None:
    try:
        folder_exists, is_folder, exists = path.parent.is_dir(), path.is_dir(), path.exists()
    except OSError as error:  # the name is too long, or the folder is not readable
        raise StorageError(f"cannot open {path}: {error.strerror}") from error
    if not folder_exists:
        raise StorageError(f"cannot open {path}: the folder {path.parent} does not exist; create it first")
    if is_folder:
        raise StorageError(f"cannot open {path}: it is a folder, not a database")
    if must_exist and not exists:
        raise StorageError(f"there is no study database {path}; run a study first, or name another with --storage")


@contextmanager
def _as_storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:  # locked or no permission; the file may be undamaged
        raise StorageError(f"cannot open {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StorageError(_unusable_message(path, str(error))) from error
    except UnicodeDecodeError as error:  # SQLite's message quotes a damaged schema
        raise StorageError(_unusable_message(path, "its schema is not valid text")) from error


def _quick_check(path: Path) -> str:
    with closing(_connect(path)) as connection:
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict == "ok":
            verdict = _missing_column(connection) or verdict
        if verdict == "ok" and path.stat().st_size:
            connection.execute("PRAGMA journal_mode=DELETE")  # the journal mode is stored in the file
    return verdict


def _unusable_message(path: Path, reason: str) -> str:
    reason = " ".join(reason.split())
    return (
        f"cannot use {path} as a study database: {reason}. The file was not changed; restore it from a "
        "backup, or name another database with --storage"
    )
