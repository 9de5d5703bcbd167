"""Drivers of database servers: which one a URL uses, the extra that installs it, and its connection options."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from fxai.errors import StorageError
from fxai.search.answer_limit import READ_TIMEOUT, limit_answers

CONNECT_SECONDS: Final = 4
"""How long a connection may take for each address of a server."""
_ANSWER_SECONDS: Final = 30  # without a byte of the server, after which a statement is given up
_KEEPALIVES = {
    "keepalives_idle": 30,  # seconds; a server that is gone is noticed in about a minute instead of two hours
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}
_ANSWERS = (READ_TIMEOUT, "write_timeout")
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "psycopg": {"connect_timeout": CONNECT_SECONDS, READ_TIMEOUT: _ANSWER_SECONDS, **_KEEPALIVES},
    "psycopg2": {"connect_timeout": CONNECT_SECONDS, **_KEEPALIVES},
    "pymysql": {"connect_timeout": CONNECT_SECONDS, **dict.fromkeys(_ANSWERS, _ANSWER_SECONDS)},
    "mysqldb": {"connect_timeout": CONNECT_SECONDS},
}


@dataclass(frozen=True, slots=True)
class _Driver:
    """The driver that FxAI offers for a kind of database."""

    module: str
    extra: str
    kind: str  # as people write it


_OFFERED: Mapping[str, _Driver] = {
    "postgresql": _Driver("psycopg", "postgresql", "PostgreSQL"),
    "mysql": _Driver("pymysql", "mysql", "MySQL"),
    "mariadb": _Driver("pymysql", "mysql", "MariaDB"),
}


def with_driver(url: URL) -> URL:
    """The URL with the offered driver, if it names none and the driver is installed; other URLs are unchanged.

    Raises:
        StorageError: If the driver is not installed, or no database is known by that name.
    """
    offered = _OFFERED.get(url.drivername)
    if offered is not None and find_spec(offered.module) is not None:
        return url.set(drivername=f"{url.drivername}+{offered.module}")
    try:
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ArgumentError):
        raise StorageError(_unknown(url)) from None
    except ImportError as error:
        raise StorageError(_missing(url, error.name or "")) from None
    return url


def connect_options(url: URL) -> dict[str, Any]:
    """Keyword arguments of the driver's `connect`: limits of time. Those that the URL names keep the URL's values.

    Args:
        url: A URL of a server as of `with_driver`.
    """
    if url.get_driver_name() == "psycopg":
        limit_answers()
    options = _OPTIONS.get(url.get_driver_name(), {})
    return {name: value for name, value in options.items() if name not in url.query}


def short_options(url: URL) -> dict[str, Any]:
    """As `connect_options`, for statements that take no time; then a server that is silent is noticed soon."""
    options = connect_options(url)
    return {name: min(value, CONNECT_SECONDS) if name in _ANSWERS else value for name, value in options.items()}


def _missing(url: URL, module: str) -> str:
    offered = _OFFERED.get(url.get_backend_name())
    if offered is None:
        return f"the driver of {url.drivername} is not installed: there is no module {module!r}"
    install = (
        f"install it with `pip install 'fxai[{offered.extra}]'`, in a clone `poetry install --extras {offered.extra}`"
    )
    if url.drivername == url.get_backend_name() or offered.module in url.drivername:
        return f"a study in {offered.kind} needs the driver {offered.module}, which is not installed; {install}"
    return (
        f"the driver of {url.drivername} is not installed; install {module or 'it'}, or write "
        f"{url.get_backend_name()}:// for the driver {offered.module} and {install}"
    )


def _unknown(url: URL) -> str:
    if url.drivername == "postgres":
        return "no database is known as postgres; write postgresql://"
    return f"no database is known as {url.drivername}; write sqlite, postgresql, mysql or mariadb"
