"""Checks Optuna's tables in a database on a server, and creates them.

Of several clients that create the tables at once, all but one may fail. So a run creates them under a lock in the
database, for which other runs wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from optuna.storages._rdb import models
from sqlalchemy import Connection

from fxai.errors import StorageError
from fxai.search.server_connection import connected
from fxai.search.server_lock import take_lock
from fxai.spec.fields.storage_url import shown

_WAIT_SECONDS: Final = 8
"""How long a run waits while another run creates the tables."""
_VERSION = "version_info"  # Optuna's table with its version
_REVISION = "alembic_version"  # of every program that uses Alembic, with the version of its tables


def has_tables(url: str) -> bool:
    """Whether the database has Optuna's tables, of any version.

    Raises:
        StorageError: If tables of these names belong to another program, or the server cannot be used.
    """
    with connected(url) as connection:
        return _has_tables(connection, url)


@contextmanager
def creating_tables(url: str) -> Iterator[bool]:
    """A block in which this process alone may create the tables; whether they are still missing.

    Raises:
        StorageError: As of `has_tables`, or another run does not finish creating them.
    """
    with connected(url) as connection:
        if not take_lock(connection, "tables", _WAIT_SECONDS):
            raise StorageError(
                f"cannot open {shown(url)}: another run creates its tables for more than {_WAIT_SECONDS} seconds; "
                "start this run again"
            )
        yield not _has_tables(connection, url)


def check_tables(url: str) -> None:
    """A `StorageError` if tables with the names of Optuna's have other columns."""
    with connected(url) as connection:
        _check_columns(connection, url)


def _has_tables(connection: Connection, url: str) -> bool:
    present = set(sa.inspect(connection).get_table_names())
    revision = connection.execute(sa.text(f"SELECT * FROM {_REVISION}")).first() if _REVISION in present else None  # noqa: S608 - our own word
    if revision is None:
        _check_columns(connection, url)  # of tables that another run has not finished
    elif _VERSION not in present:
        raise _foreign(url, f"its table {_REVISION} has another program's version")
    return revision is not None


def _check_columns(connection: Connection, url: str) -> None:
    own = models.BaseModel.metadata.tables
    for (_, name), found in sa.inspect(connection).get_multi_columns(filter_names=list(own)).items():
        columns = {column["name"] for column in found}
        missing = [column.name for column in own[name].columns if column.name not in columns]
        if missing:
            raise _foreign(url, f"its table {name} has no column {' and no column '.join(missing)}")


def _foreign(url: str, found: str) -> StorageError:
    return StorageError(
        f"cannot open {shown(url)}: it belongs to another program: {found}. The database was not changed; create an "
        "empty database on the server for the studies, and name that one"
    )
