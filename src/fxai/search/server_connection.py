"""Connections to a database server outside the storage, and messages about servers that cannot be used."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from fxai.errors import StorageError
from fxai.search.database import engine_url, is_server
from fxai.search.server_driver import short_options
from fxai.spec.fields.environment import expanded_url
from fxai.spec.fields.storage_url import redact_secrets, shown

_DRIVER_CODE = re.compile(r"\(\d+, ['\"](?P<text>.*)['\"]\)", re.DOTALL)
_HINTS = tuple(
    (re.compile(pattern, re.IGNORECASE), hint)
    for pattern, hint in (
        (
            "password|access denied",
            "check the user, the password (with special characters percent-encoded), and the rights of the user",
        ),
        (r'database ".*" does not exist|unknown database', "create it on the server first: CREATE DATABASE name"),
        ("permission denied", "give the user the right to create tables: GRANT USAGE, CREATE ON SCHEMA public TO user"),
        ("command denied", "give the user all rights on the database: GRANT ALL ON name.* TO user"),
        ("timeout expired|timed out", "check the host, the port and the firewall"),
        ("refused|can't connect", "check the host and the port, and that the server runs"),
        ("resolve|name or service", "check the host"),
    )
)


def session_engine(url: str) -> Engine:
    """An engine for short statements. Its connections commit each statement and end when they are closed."""
    address = engine_url(url)
    return sa.create_engine(
        address, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=short_options(make_url(address))
    )


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection for a block, which commits each statement.

    Raises:
        StorageError: If the server cannot be reached or refuses the user, or a statement of the block fails.
    """
    with usable_server(url), session_engine(url).connect() as connection:
        yield connection


def check_server(url: str) -> None:
    """Check that the database can be reached, if it is on a server, before a run prepares anything.

    Raises:
        StorageError: If the server cannot be reached or refuses the user.
    """
    if is_server(url):
        with connected(url):
            pass


@contextmanager
def usable_server(url: str) -> Iterator[None]:
    """Turn an error of the database into a `StorageError` without the password."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError(f"cannot open {shown(url)}: {reason_of(error, url)}") from error
    except TypeError as error:  # of PyMySQL, for an option that it does not have
        raise StorageError(f"cannot open {shown(url)}: an option after the ? is unknown: {error}") from error


def reason_of(error: SQLAlchemyError, url: str) -> str:
    """The reason in one line, without the password, and what to do."""
    cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    if found := _DRIVER_CODE.fullmatch(cause):
        cause = found["text"]
    hint = next((hint for pattern, hint in _HINTS if pattern.search(cause)), None)
    text = redact_secrets(" ".join(cause.split()), expanded_url(url)).rstrip(" .?")
    return text if hint is None else f"{text}; {hint}"
