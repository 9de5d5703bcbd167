"""A study database opened so that looking at it can neither change it nor break the run that writes it."""

import sqlite3

from optuna.storages import RDBStorage
from sqlalchemy import event

from fxai.search.open_tables import open_tables


def read_only_storage(storage_url: str) -> RDBStorage:
    """The studies of a database, for reading; a `StorageError` if there are none to read.

    On SQLite every connection is `query_only`. The file is not opened as `mode=ro`, because a reader
    must be able to roll back what a killed run left half written.
    """
    storage = open_tables(storage_url, create=False)
    if storage.engine.dialect.name == "sqlite":
        event.listen(storage.engine, "connect", _forbid_writes)
        storage.engine.dispose()  # connections that are open already would still write
    return storage


def _forbid_writes(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")
