"""Locks in a database on a server: at most one connection holds a lock of a name.

PostgreSQL has them as advisory locks, MySQL and MariaDB as user-level locks. The server releases a lock when its
connection ends, also after the holder was killed or its machine is gone. A connection pool in transaction mode
(PgBouncer) breaks them.
"""

import hashlib
import os
import re
import socket
import time
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from fxai.errors import StudyHeldError
from fxai.search.server_connection import connected, session_engine, usable_server

_TRY_SECONDS: Final = 1.0
"""A server notices within milliseconds that the process of the last holder has ended."""
_PAUSE: Final = 0.05  # seconds between tries


class _Locks(Protocol):
    """The locks of one kind of database."""

    def prepare(self, connection: Connection) -> None: ...

    def take(self, connection: Connection, key: bytes) -> bool: ...

    def holder(self, connection: Connection, key: bytes) -> str | None:
        """Who holds the lock, "" if that is unknown; None if nobody holds it."""

    def holding_session(self, connection: Connection, key: bytes) -> int | None:
        """The server's number of the connection that holds the lock; None if nobody holds it."""

    def own_session(self, connection: Connection) -> int:
        """The server's number of this connection."""

    def end_session(self, connection: Connection, session: int) -> None:
        """End another connection of the same user."""


class _AdvisoryLocks:
    """Of PostgreSQL, one set for each database."""

    def prepare(self, connection: Connection) -> None:
        """Sign the connection, and have the server notice within about a minute that the machine of a run is gone."""
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        settings = {
            "application_name": f"fxai {os.getpid()} {started} {socket.gethostname()[:20]}",  # at most 63 bytes
            "tcp_keepalives_idle": "30",
            "tcp_keepalives_interval": "10",
            "tcp_keepalives_count": "3",
        }
        for name, value in settings.items():
            connection.execute(sa.text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})

    def take(self, connection: Connection, key: bytes) -> bool:
        number = int.from_bytes(key, "big", signed=True)
        return bool(connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": number}).scalar_one())

    def holder(self, connection: Connection, key: bytes) -> str | None:
        found = self._held(connection, key)
        return None if found is None else _signed(found.application_name or "")

    def holding_session(self, connection: Connection, key: bytes) -> int | None:
        found = self._held(connection, key)
        return None if found is None else int(found.pid)

    def own_session(self, connection: Connection) -> int:
        return int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())

    def end_session(self, connection: Connection, session: int) -> None:
        connection.execute(sa.text("SELECT pg_terminate_backend(:session)"), {"session": session})

    def _held(self, connection: Connection, key: bytes) -> sa.Row[Any] | None:
        statement = sa.text(
            "SELECT l.pid, a.application_name FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND CAST(l.classid AS bigint) = :high AND CAST(l.objid AS bigint) = :low"
        )
        halves = {"high": int.from_bytes(key[:4], "big"), "low": int.from_bytes(key[4:], "big")}
        return connection.execute(statement, halves).first()


class _UserLocks:
    """Of MySQL and MariaDB, one set for the server, so that the name contains the database."""

    def prepare(self, connection: Connection) -> None:
        pass

    def take(self, connection: Connection, key: bytes) -> bool:
        statement = sa.text(f"SELECT GET_LOCK({_USER_LOCK}, 0)")
        return bool(connection.execute(statement, {"key": key.hex()}).scalar_one() == 1)

    def holder(self, connection: Connection, key: bytes) -> str | None:
        return None if self.holding_session(connection, key) is None else ""

    def holding_session(self, connection: Connection, key: bytes) -> int | None:
        held = connection.execute(sa.text(f"SELECT IS_USED_LOCK({_USER_LOCK})"), {"key": key.hex()}).scalar_one()
        return None if held is None else int(held)

    def own_session(self, connection: Connection) -> int:
        return int(connection.execute(sa.text("SELECT CONNECTION_ID()")).scalar_one())

    def end_session(self, connection: Connection, session: int) -> None:
        connection.execute(sa.text(f"KILL {session:d}"))


_SIGNATURE = re.compile(r"fxai (?P<pid>\d+) (?P<started>\S+) (?P<host>.+)")
_USER_LOCK = "CONCAT('fxai.', :key, LEFT(MD5(DATABASE()), 16))"  # a name has at most 64 characters
_BY_DIALECT: dict[str, _Locks] = {"postgresql": _AdvisoryLocks(), "mysql": _UserLocks(), "mariadb": _UserLocks()}


def _signed(name: str) -> str:
    found = _SIGNATURE.fullmatch(name)
    return f"process {found['pid']} on {found['host']}, which started {found['started']}," if found else ""


def take_lock(connection: Connection, what: str, seconds: float = _TRY_SECONDS) -> bool:
    """Take a lock for as long as the connection lives; False if another connection keeps it for these seconds.

    In a database without locks nothing is taken.
    """
    locks = _BY_DIALECT.get(connection.dialect.name)
    if locks is None:
        return True
    deadline = time.monotonic() + seconds
    while not locks.take(connection, _key(what)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _key(what: str) -> bytes:
    return hashlib.sha256(f"fxai {what}".encode()).digest()[:8]


def _what(study_name: str) -> str:
    return f"study {study_name}"


def is_held_on_server(url: str, study_name: str) -> bool:
    """Whether a run on any machine holds the lock of the study now."""
    with connected(url) as connection:
        locks = _BY_DIALECT.get(connection.dialect.name)
        return locks is not None and locks.holder(connection, _key(_what(study_name))) is not None


class ServerLock:
    """The lock of a study in its database, for as long as this object is open.

    With `take=False` the lock is not taken yet; `try_take` takes it.

    Raises:
        StudyHeldError: If another run holds the lock.
        StorageError: If the server cannot be used.
    """

    def __init__(self, url: str, study_name: str, *, take: bool = True) -> None:
        self._study_name, self._url = study_name, url
        self._engine = session_engine(url)
        self.session = 0  # the server's number of the connection
        with usable_server(url):
            self._connection = self._connected()
            if take:
                try:
                    self._take()
                except BaseException:
                    self.close()
                    raise

    def try_take(self, seconds: float = 0.0) -> bool:
        """Take the lock, unless another connection keeps it for these seconds. Connects again if necessary.

        Raises:
            StorageError: If the server cannot be used.
        """
        with usable_server(self._url):
            self._connect_again_if_lost()
            return take_lock(self._connection, _what(self._study_name), seconds)

    def renew(self) -> None:
        """Check that the lock is held. Take it again if the connection was lost, as after a restart of the server.

        Raises:
            StudyHeldError: If another run has taken the lock since.
            DBAPIError: If the server cannot be reached.
        """
        if self._connect_again_if_lost():
            self._take()

    def end_holder(self, session: int) -> bool:
        """End the connection `session` of another run, if that connection holds the lock and the rights suffice.

        Returns:
            Whether that connection held the lock.

        Raises:
            StorageError: If the server cannot be used.
        """
        locks = _BY_DIALECT.get(self._connection.dialect.name)
        with usable_server(self._url):
            key = _key(_what(self._study_name))
            if locks is None or locks.holding_session(self._connection, key) != session:
                return False
            with suppress(DBAPIError):  # another user's connection
                locks.end_session(self._connection, session)
            return True

    def holder_message(self) -> str:
        """The message that another run holds the study."""
        locks = _BY_DIALECT.get(self._connection.dialect.name)
        who = None if locks is None else locks.holder(self._connection, _key(_what(self._study_name)))
        return (
            f"{who or 'a run on another machine'} holds the study {self._study_name!r}; wait for it to end, or end it, "
            "and start this run again"
        )

    def close(self) -> None:
        """Release the lock."""
        if not self._connection.closed:
            self._connection.invalidate()
            self._connection.close()

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        locks = _BY_DIALECT.get(connection.dialect.name)
        if locks is not None:
            locks.prepare(connection)
            self.session = locks.own_session(connection)
        return connection

    def _connect_again_if_lost(self) -> bool:
        """Connect again if the connection was lost. Returns whether it was."""
        if not self._connection.closed:
            try:
                self._connection.execute(sa.text("SELECT 1"))
            except DBAPIError:
                self.close()
            else:
                return False
        self._connection = self._connected()
        return True

    def _take(self) -> None:
        if not take_lock(self._connection, _what(self._study_name)):
            raise StudyHeldError(self.holder_message())
