"""A SQLite file that holds studies, or cannot: what may be wrong with it, said without changing it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from fxai.errors import StorageError

BUSY_SECONDS = 60
COLUMNS = {  # of Optuna's tables, those that hold studies
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
        if not _holds_studies(connection):
            raise StorageError(f"{path} holds no studies")
        connection.text_factory = _decoded
        yield connection


def _connected(path: Path) -> sqlite3.Connection:
    """Not as `mode=ro`: a reader must be able to roll back what a killed run left half written."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _decoded(text: bytes) -> str:
    """Text of the database. Bytes that are no UTF-8 become lone surrogates, which `stored_json.py` refuses."""
    return text.decode("utf-8", "surrogateescape")


def _holds_studies(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'studies'").fetchone() is not None


def _missing_column(connection: sqlite3.Connection) -> str | None:
    """What Optuna's tables have and this database lacks, though it holds something of a study.

    Where all tables are empty, a run was killed as it made them; the next one makes the others.
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
    except OSError as error:  # a name that is too long, a folder that may not be read
        raise StorageError(f"cannot open {path}: {error.strerror}") from error
    if not folder_exists:
        raise StorageError(f"cannot open {path}: the folder {path.parent} does not exist; create it first")
    if is_folder:
        raise StorageError(f"cannot open {path}: it is a folder, not a database")
    if must_exist and not exists:
        raise StorageError(f"there is no study database {path}; run a study first, or name another with --storage")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:  # locked, no permission: the file itself may be sound
        raise StorageError(f"cannot open {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StorageError(_unusable(path, str(error))) from error
    except UnicodeDecodeError as error:  # Python cannot read SQLite's message, which quotes a damaged schema
        raise StorageError(_unusable(path, "its schema is no text")) from error


def _quick_check(path: Path) -> str:
    with closing(_connected(path)) as connection:
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict == "ok":
            verdict = _missing_column(connection) or verdict
        if verdict == "ok" and path.stat().st_size:
            connection.execute("PRAGMA journal_mode=DELETE")  # the mode of a file outlives who set it
    return verdict


def _unusable(path: Path, reason: str) -> str:
    reason = " ".join(reason.split())
    return (
        f"cannot use {path} as a study database: {reason}. The file was left as it is; restore it from a "
        "copy, or name another database with --storage"
    )
