"""Opens study databases and runs transactions.

SQLite uses a rollback journal and full synchronization. The write-ahead log is not used: before SQLite 3.51.3 it could
corrupt a database with several connections, and without full synchronization it may lose commits at a power loss. The
number of transactions is small, so the rollback journal is fast enough.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from fxai.errors import StorageError
from fxai.search.sqlite_file import BUSY_SECONDS
from fxai.spec.fields.environment import expanded_url
from fxai.spec.fields.storage_url import HOW_TO_ENCODE, check_storage_url, shown

ATTEMPTS = 5

T = TypeVar("T")


def parse_url(url: str) -> URL:
    """The parts of a SQLAlchemy URL with its variables expanded.

    Raises:
        StorageError: If the URL is not valid.
    """
    address = expanded_url(url)
    try:
        return make_url(check_storage_url(address))
    except ArgumentError:
        raise StorageError(
            f"{shown(url)!r} is not a storage URL; write for example sqlite:///optuna_studies.db"
        ) from None
    except ValueError as error:  # also for a port that is not a number, which may be part of a password
        reason = error if "@" in str(error) else f"its port is not a number; {HOW_TO_ENCODE}"
        raise StorageError(f"the storage URL {shown(url)}: {reason}") from None


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; None for a database in memory or on a server."""
    parsed = parse_url(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def existing_only(url: str) -> str:
    """URL of the same database that never creates its file."""
    path = sqlite_path(url)
    if path is None:
        return expanded_url(url)
    return URL.create(
        "sqlite", database=f"file:{quote(str(path.absolute()))}", query={"mode": "rw", "uri": "true"}
    ).render_as_string()


def engine_options(url: str) -> dict[str, Any]:
    """Keyword arguments of `create_engine` for the kind of database."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return {"pool_pre_ping": True}
    if not parsed.database or parsed.database == ":memory:":
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    return {"connect_args": {"timeout": BUSY_SECONDS}}


def make_durable(engine: Engine) -> None:
    """Set full synchronization on every SQLite connection, including open ones."""
    if engine.dialect.name != "sqlite" or isinstance(engine.pool, StaticPool):
        return

    def synchronise_fully(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=FULL")

    event.listen(engine, "connect", synchronise_fully)
    engine.dispose()


def in_transaction(engine: Engine, write: Callable[[Connection], T]) -> T:
    """The result of `write` after the commit. The transaction is repeated while the database is busy.

    Raises:
        StorageError: If the database stays busy or refuses the write.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return write(connection)
        except OperationalError as error:
            if attempt == ATTEMPTS or not _is_passing(error):
                raise StorageError(f"the study database refuses a write: {error.orig}") from error
            time.sleep(random.uniform(0.5, 1.0) * 0.1 * 2**attempt)  # noqa: S311 -- jitter, no secret
        except SQLAlchemyError as error:  # its own text holds the whole statement with all its values
            reason = getattr(error, "orig", None) or error
            raise StorageError(f"the study database refuses a write: {reason}") from error
    raise AssertionError  # the last attempt returns or raises


def _is_passing(error: OperationalError) -> bool:
    """Whether the error may disappear: the database is locked, or this transaction lost a deadlock."""
    text = str(error.orig).lower()
    return any(word in text for word in ("locked", "busy", "deadlock", "lost connection", "gone away"))
