"""Reads a study database by plain SQL; SQLite without SQLAlchemy and Optuna, whose import is slow."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from fxai.search.sqlite_file import open_read_only
from fxai.spec.fields.environment import expanded_url

_PLAIN_FILE = re.compile(r"sqlite(?:\+pysqlite)?:///(?!:memory:|file:)([^?]+)")


class Rows(Protocol):
    """Runs a statement with values for its `:names`, and returns all rows."""

    def __call__(self, statement: str, **values: str | float) -> list[Any]: ...


@contextmanager
def rows_of(url: str) -> Iterator[Rows]:
    """The rows of a database at one moment.

    Raises:
        StorageError: If the database is missing or cannot be read.
    """
    path = plain_file(url)
    if path is None:
        with _rows_of_server(url) as rows:
            yield rows
        return
    with open_read_only(path) as connection:
        yield lambda statement, **values: connection.execute(statement, values).fetchall()


def plain_file(url: str) -> Path | None:
    """The file of a plain SQLite URL; None if SQLAlchemy is needed to interpret the URL."""
    found = _PLAIN_FILE.fullmatch(expanded_url(url))
    return None if found is None else Path(unquote(found[1]))


@contextmanager
def _rows_of_server(url: str) -> Iterator[Rows]:
    from sqlalchemy import text  # noqa: PLC0415 - slow to load, and SQLite needs none of it

    from fxai.search.database import one_moment  # noqa: PLC0415
    from fxai.search.open_tables import open_tables  # noqa: PLC0415

    storage = open_tables(url, create=False)
    try:
        with one_moment(storage.engine).connect() as connection:
            yield lambda statement, **values: list(connection.execute(text(statement), values))
    finally:
        storage.engine.dispose()
