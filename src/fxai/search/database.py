"""Opens study databases and runs transactions.

SQLite uses a rollback journal and full synchronization. The write-ahead log is not used: before SQLite 3.51.3 it could
corrupt a database with several connections, and without full synchronization it may lose commits at a power loss. The
number of transactions is small, so the rollback journal is fast enough.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from fxai.errors import StorageError
from fxai.search.server_driver import connect_options, with_driver
from fxai.search.sqlite_file import BUSY_SECONDS
from fxai.spec.fields.environment import expanded_url
from fxai.spec.fields.storage_url import HOW_TO_ENCODE, check_storage_url, shown

ATTEMPTS = 5
LONGEST_PAUSE = 2.0  # seconds between attempts
AWAY_SECONDS = 30
"""How long a run waits for a server that restarts."""
_REPEATABLE = {"postgresql", "mysql", "mariadb"}
_AWAY = (
    "connection refused",
    "server closed the connection",
    "connection is lost",
    "connection timeout",
    "timed out",
    "starting up",
    "shutting down",
    "recovery mode",
    "terminating connection",
    "can't connect",
    "lost connection",
    "gone away",
    "connection reset",
)

T = TypeVar("T")


class ServerAwayError(StorageError):
    """The server of the study database does not answer any more."""


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


def is_server(url: str) -> bool:
    """Whether the database is on a server."""
    return parse_url(url).get_backend_name() != "sqlite"


def engine_url(url: str) -> str:
    """The URL for `create_engine`, with its password and with a driver that is installed.

    Raises:
        StorageError: If the URL is not valid, or its driver is not installed.
    """
    if not is_server(url):
        return expanded_url(url)
    return with_driver(parse_url(url)).render_as_string(hide_password=False)


def existing_only(url: str) -> str:
    """URL of the same database that never creates its file; for `create_engine`, as of `engine_url`."""
    path = sqlite_path(url)
    if path is None:
        return engine_url(url)
    return URL.create(
        "sqlite", database=f"file:{quote(str(path.absolute()))}", query={"mode": "rw", "uri": "true"}
    ).render_as_string()


def engine_options(url: str) -> dict[str, Any]:
    """Keyword arguments of `create_engine` for the kind of database."""
    parsed = parse_url(url)
    if is_server(url):
        return {"pool_pre_ping": True, "connect_args": connect_options(with_driver(parsed))}
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


def one_moment(engine: Engine) -> Engine:
    """The engine with transactions that read a server's database at one moment, as those of SQLite do.

    By default each statement of PostgreSQL reads another moment, so a trial could appear without its parameters.
    """
    if engine.dialect.name not in _REPEATABLE:
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """The result of `work` after the commit. The transaction is repeated while the database is busy or restarts.

    Raises:
        ServerAwayError: If the server stays away.
        StorageError: If the database stays busy or refuses the work.
    """
    began = time.monotonic()
    for attempt in count(1):
        try:
            with engine.begin() as connection:
                return work(connection)
        except OperationalError as error:
            away = engine.dialect.name != "sqlite" and _is_away(error)
            waited = time.monotonic() - began
            if away and waited > AWAY_SECONDS:
                raise ServerAwayError(
                    f"the server of the study database does not answer for {waited:.0f} seconds: {_reason(error)}. "
                    "What the database has acknowledged is kept; start this run again when the server answers"
                ) from error
            if not away and (attempt >= ATTEMPTS or not _is_passing(error)):
                raise StorageError(f"the study database refuses a write: {_reason(error)}") from error
            time.sleep(random.uniform(0.5, 1.0) * min(0.1 * 2**attempt, LONGEST_PAUSE))  # noqa: S311 -- jitter, no secret
        except SQLAlchemyError as error:
            raise StorageError(f"the study database refuses a write: {_reason(error)}") from error
    raise AssertionError  # the last attempt returns or raises


def _reason(error: SQLAlchemyError) -> str:
    """The driver's words; those of SQLAlchemy hold the whole statement with all its values."""
    return " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(" .?")


def _is_passing(error: OperationalError) -> bool:
    """Whether the error may disappear: the database is locked, or this transaction lost a deadlock."""
    text = str(error.orig).lower()
    return any(word in text for word in ("locked", "busy", "deadlock"))


def _is_away(error: OperationalError) -> bool:
    """Whether the connection to the server was lost, or the server does not take connections now."""
    text = str(error.orig).lower()
    return error.connection_invalidated or any(words in text for words in _AWAY)
