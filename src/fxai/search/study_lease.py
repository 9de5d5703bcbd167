"""The lease of a study in its database: which of several runs with `fxai run --join` owns the study.

The table `fxai_leases` has one row for each study that was run with `--join`. The row has a generation, which rises
each time that another run takes the study over, and the address at which the holder of the lease accepts the workers
of the other runs. The holder also has the lock of the study (`server_lock.py`), which the server releases when the
holder's connection ends.

- If the holder is killed, the lock is free at once, and another run takes it.
- If the holder is frozen or cut off from the network, it does not renew its lease. After the length of the lease,
  another run ends the connection with the lock, takes the lock, and raises the generation. Without the right to end
  that connection, the generation alone decides.
- Each transaction in which the holder writes reads the generation first and locks the row, so that no former holder
  can commit after another run has taken the study over.

All times are those of the server's clock.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from fxai.errors import FxaiError, InputError, LeaseLostError, StorageError, StudyHeldError
from fxai.protocol.wire import from_line, to_line
from fxai.search.database import is_server, parse_url
from fxai.search.server_connection import session_engine, usable_server
from fxai.search.server_lock import ServerLock, take_lock
from fxai.spec.fields.storage_url import shown

LEASE_SECONDS: Final = 30.0
"""Length of a lease. The hosts of a frozen holder end earlier (`HOST_KEEP_ALIVE`), so no trial runs twice at once."""
_RENEWALS: Final = 6  # in the length of a lease
_WAIT_SECONDS: Final = 8  # for another run that creates the table
_GRACE_SECONDS: Final = 3.0  # for another run between its lock and its row
_MOST_WAIT: Final = 3  # seconds, for a transaction of the former holder
_LIMITED: Final = "fxai.lease"
"""Key of connections of MySQL that have a time limit."""
_CLOCKS: Final = {
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    "mysql": "UNIX_TIMESTAMP()",
    "mariadb": "UNIX_TIMESTAMP()",
}
"""Seconds of the server's clock, by kind of database."""
_LEASES = sa.Table(
    "fxai_leases",
    sa.MetaData(),
    sa.Column("study_name", sa.String(512), primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),  # a LeaseHolder as JSON
    sa.Column("renewed_at", sa.Double, nullable=False),
    sa.Column("outcome", sa.Text),  # JSON of the run that has finished the study
)


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """The run that owns a study, and where it accepts the workers of other runs."""

    host: str
    pid: int
    address: str
    port: int
    token: str = field(repr=False)  # the secret that other runs prove to know
    data_hash: str | None = None  # of the data that it trains on
    seconds: float = LEASE_SECONDS  # length of its lease
    session: int = 0  # the server's number of its connection with the lock

    @property
    def name(self) -> str:
        """The holder in a message."""
        return f"{self.host} (process {self.pid})"


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """The lease of a study at one moment."""

    generation: int
    holder: LeaseHolder
    age: float  # seconds since the holder renewed it
    outcome: str | None  # of the run that has finished the study, as it wrote it

    @property
    def is_current(self) -> bool:
        """Whether the holder still owns the study and renews its lease."""
        return self.outcome is None and self.age <= self.holder.seconds


def check_joinable(url: str) -> None:
    """Check that several runs can join a study in this database.

    Raises:
        InputError: The database is not on a server, or not of a kind with locks.
    """
    if not is_server(url):
        raise InputError(
            f"--join: {shown(url)} is an SQLite database, which one machine has for itself; runs join a study in "
            "PostgreSQL or MySQL: --storage postgresql://USER@HOST/DATABASE"
        )
    if parse_url(url).get_backend_name() not in _CLOCKS:
        raise InputError(f"--join: runs join a study in PostgreSQL, MySQL or MariaDB; {shown(url)} is none of them")


class LeaseOffice:
    """Reads and takes the lease of one study.

    Raises:
        StorageError: If the server cannot be used.
    """

    def __init__(self, url: str, study_name: str) -> None:
        self._url, self._study_name = url, study_name
        self._engine = session_engine(url)
        self._clock = sa.text(_CLOCKS[self._engine.dialect.name])
        self._lock: ServerLock | None = None  # open, not necessarily taken
        self._create()

    def read(self) -> LeaseRow | None:
        """The lease now; None if no run with `--join` has begun the study."""
        age = sa.literal_column(f"{self._clock.text} - renewed_at", sa.Double).label("age")
        statement = sa.select(_LEASES, age).where(_LEASES.c.study_name == self._study_name)
        with self._connected() as connection:
            found = connection.execute(statement).first()
        if found is None:
            return None
        try:
            holder = from_line(LeaseHolder, found.holder.encode())
        except ValueError:
            raise StorageError(f"{shown(self._url)}: the table fxai_leases has a row of another release") from None
        return LeaseRow(found.generation, holder, float(found.age), found.outcome)

    def try_take(self, announce: Callable[[], LeaseHolder], finished_before: int | None = None) -> "StudyLease | None":
        """Take the lease if it is free or has lapsed; None if another run holds it, or has just finished the study.

        Args:
            announce: Returns this run as a holder. Called once the lock is taken.
            finished_before: A study that was finished in a later generation is not taken. None: each may be taken.

        Raises:
            StudyHeldError: A run without `--join` holds the study.
        """
        lock = self._lock = self._lock or ServerLock(self._url, self._study_name, take=False)
        has_lock = lock.try_take() or self._take_lapsed(lock, finished_before)
        if has_lock is None:
            return None
        before = self.read()
        if _is_just_finished(before, finished_before):
            self.close()
            return None
        lease = StudyLease(self._url, self._study_name, lock, announce())
        lease.has_lock = has_lock
        if not self._write(lease, None if before is None else before.generation):
            self.close()
            return None
        self._lock = None  # the lease closes it
        lease.keep()
        return lease

    def close(self) -> None:
        """Release the lock, if this office has it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lapsed(self, lock: ServerLock, finished_before: int | None) -> bool | None:
        """Take the lock from a holder that does not renew its lease. Returns whether the lock was taken.

        False: there is no right to end the holder's connection, so the generation alone decides. None: another run
        holds the lease.
        """
        row = self.read()
        if row is not None and (row.is_current or _is_just_finished(row, finished_before)):
            return None
        if row is not None and row.outcome is None and lock.end_holder(row.holder.session):
            return lock.try_take(seconds=1.0)
        if lock.try_take(_GRACE_SECONDS):  # a run that joins has taken the lock, but has not written its row yet
            return True
        row = self.read()
        if row is not None and (row.is_current or _is_just_finished(row, finished_before)):
            return None
        raise StudyHeldError(lock.holder_message())

    def _write(self, lease: "StudyLease", generation: int | None) -> bool:
        """Write the row of the next generation. False if another run has written it, or the row is locked."""
        lease.generation = (generation or 0) + 1
        row = {
            "generation": lease.generation,
            "holder": lease.holder_text(),
            "renewed_at": self._clock,
            "outcome": None,
        }
        statement: sa.Insert | sa.Update
        if generation is None:
            statement = sa.insert(_LEASES).values(study_name=self._study_name, **row)
        else:
            statement = sa.update(_LEASES).values(row).where(*_of(self._study_name, generation))
        try:
            with self._engine.connect() as connection:
                _wait_at_most(connection, _MOST_WAIT)
                return connection.execute(statement).rowcount == 1 or generation is None
        except (IntegrityError, OperationalError):  # another run was first, or the former holder's transaction is open
            return False

    def _create(self) -> None:
        with self._connected() as connection:
            if sa.inspect(connection).has_table(_LEASES.name):
                return
            if not take_lock(connection, "leases", _WAIT_SECONDS):
                raise StorageError(
                    f"{shown(self._url)}: another run creates the table fxai_leases; start this run again"
                )
            _LEASES.metadata.create_all(connection, checkfirst=True)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with usable_server(self._url), self._engine.connect() as connection:
            yield connection


class StudyLease:
    """The lease of a study that this run holds. A thread renews it until `close`."""

    def __init__(self, url: str, study_name: str, lock: ServerLock, holder: LeaseHolder) -> None:
        self._study_name, self._lock, self._holder = study_name, lock, holder
        self._engine = session_engine(url)
        self._clock = sa.text(_CLOCKS[self._engine.dialect.name])
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._renew_often, name="fxai lease", daemon=True)
        self._lost = False
        self.generation = 0
        self.has_lock = True  # False if the former holder's connection still has it and could not be ended

    def holder_text(self) -> str:
        """This run as a holder, as the table has it."""
        return to_line(replace(self._holder, session=self._lock.session)).decode().strip()

    def keep(self) -> None:
        """Renew the lease from now on."""
        self._thread.start()

    def check(self) -> None:
        """Raise `LeaseLostError` if the lease is known to be lost."""
        if self._lost:
            raise self._lost_error()

    def renew(self, connection: Connection) -> None:
        """Check the lease in a transaction that writes. Until its end, no other run can take the lease.

        Raises:
            LeaseLostError: Another run has taken the lease.
            StudyHeldError: A run without `--join` has taken the lock.
            DBAPIError: If the server cannot be reached.
        """
        self.check()
        if self._generation(connection) != self.generation:
            self._lost = True
            raise self._lost_error()
        if self.has_lock:
            self._lock.renew()

    def finish(self, outcome: str) -> None:
        """Write that the study is finished.

        Raises:
            LeaseLostError: Another run has taken the lease.
            StorageError: If the server cannot be used.
        """
        if not self._update(outcome=outcome):
            raise self._lost_error()

    def close(self) -> None:
        """Release the lease."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._lock.close()

    def _lost_error(self) -> LeaseLostError:
        return LeaseLostError(f"another run has taken over the study {self._study_name!r}")

    def _generation(self, connection: Connection) -> int | None:
        """The generation now, which stays until the transaction ends. The server ends a transaction that is frozen."""
        columns: list[sa.ColumnElement[Any]] = [_LEASES.c.generation]
        if connection.dialect.name == "postgresql":
            limit = str(int(1000 * self._holder.seconds))
            columns.append(sa.func.set_config("idle_in_transaction_session_timeout", limit, True))
        elif _LIMITED not in connection.info:
            connection.execute(sa.text(f"SET SESSION wait_timeout = {max(int(self._holder.seconds), 1)}"))
            connection.info[_LIMITED] = True
        statement = sa.select(*columns).where(_LEASES.c.study_name == self._study_name)
        found = connection.execute(statement.with_for_update(read=True)).first()
        return None if found is None else int(found[0])

    def _renew_often(self) -> None:
        while not self._closing.wait(self._holder.seconds / _RENEWALS):
            with suppress(SQLAlchemyError, FxaiError):  # the server may restart; each write checks the lease
                if not self._update():
                    self._lost = True
                    return

    def _update(self, **values: str) -> bool:
        """Renew the row. Returns False if it has another generation."""
        row = {"holder": self.holder_text(), "renewed_at": self._clock, **values}
        statement = sa.update(_LEASES).values(row).where(*_of(self._study_name, self.generation))
        with self._engine.connect() as connection:
            return connection.execute(statement).rowcount == 1


def _is_just_finished(row: LeaseRow | None, finished_before: int | None) -> bool:
    """Whether the study was finished in a later generation than `finished_before`."""
    if row is None or row.outcome is None or finished_before is None:
        return False
    return row.generation > finished_before


def _wait_at_most(connection: Connection, seconds: int) -> None:
    """Limit how long statements of this connection wait for a row that another transaction has locked."""
    is_postgresql = connection.dialect.name == "postgresql"
    setting = f"lock_timeout = '{seconds}s'" if is_postgresql else f"innodb_lock_wait_timeout = {seconds}"
    connection.execute(sa.text(f"SET SESSION {setting}"))


def _of(study_name: str, generation: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return _LEASES.c.study_name == study_name, _LEASES.c.generation == generation
