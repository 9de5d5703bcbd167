"""Serves optuna-dashboard on a port of this machine."""

import errno
import sqlite3
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication

import optuna_dashboard
from optuna.storages import RDBStorage
from sqlalchemy import event

from fxai.dashboard.damaged_studies import DamagedStudies
from fxai.dashboard.edits import Edits
from fxai.dashboard.guard import Guard
from fxai.dashboard.study_files import FilesOf, IndexPage, StudyFileServer
from fxai.errors import InputError
from fxai.search.open_tables import open_tables
from fxai.user_folders import state_directory

ADDRESS = "127.0.0.1"
_HTTP_PORT = 80  # browsers leave it out of the Host header


@dataclass(frozen=True, slots=True)
class Shown:
    """Content of a dashboard."""

    storage_url: str
    files_of: FilesOf  # result files of a study
    index_page: IndexPage
    allow_edits: bool = False
    edit_command: str = "fxai dashboard --allow-edits"  # command that starts this dashboard with edits


def dashboard_app(shown: Shown, allowed_hosts: frozenset[str]) -> WSGIApplication:
    """The WSGI app of a dashboard. It answers requests with one of the allowed Host headers."""
    url = shown.storage_url
    storage = open_tables(url, create=False) if shown.allow_edits else read_only_storage(url)
    app = DamagedStudies(optuna_dashboard.wsgi(storage), url)
    files = StudyFileServer(app, url, shown.files_of, shown.index_page, read_only=not shown.allow_edits)
    refusal = Edits(url, state_directory()).refusal if shown.allow_edits else None
    return Guard(files, allowed_hosts, refusal, shown.edit_command)


def dashboard_server(shown: Shown, port: int) -> WSGIServer:
    """A server bound to the port (0: any free port). It answers after `serve_forever` is called."""
    with ExitStack() as on_failure:
        server = on_failure.enter_context(_bound(port))
        server.set_app(dashboard_app(shown, loopback_hosts(server.server_port)))
        on_failure.pop_all()
    return server


def serve(
    shown: Shown,
    port: int = 8052,
    *,
    open_browser: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the dashboard until Ctrl-C.

    Args:
        shown: Content of the dashboard.
        port: The port; 0 for any free port.
        open_browser: Whether to open the page in the browser.
        on_ready: Called with the address when the server can be reached.

    Raises:
        InputError: The port is in use, or is not allowed.
    """
    with dashboard_server(shown, port) as server:
        address = f"http://localhost:{server.server_port}"
        if on_ready is not None:
            on_ready(address)
        if open_browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def loopback_hosts(port: int) -> frozenset[str]:
    """The Host headers with which a browser on this machine reaches the port."""
    names = ("localhost", "127.0.0.1", "[::1]")
    hosts = frozenset(f"{name}:{port}" for name in names)
    return hosts | frozenset(names) if port == _HTTP_PORT else hosts


class _Server(ThreadingMixIn, WSGIServer):
    """One thread per request: a page sends several requests at once, and an importance plot takes seconds."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is wsgiref's)
        """Log nothing: the page polls every few seconds."""


def _bound(port: int) -> WSGIServer:
    try:
        return _Server((ADDRESS, port), _QuietHandler)
    except OverflowError as error:
        raise InputError(f"{port} is not a port; give one from 1 to 65535 with --port") from error
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = "in use" if error.errno == errno.EADDRINUSE else "reserved for the administrator"
        raise InputError(f"port {port} is {why}; choose another one with --port") from error


def read_only_storage(storage_url: str) -> RDBStorage:
    """The storage of a database, read-only.

    On SQLite every connection is `query_only`. The file is not opened with `mode=ro`, because a reader must be able to
    roll back an unfinished transaction of a killed run.

    Raises:
        StorageError: The database has no studies or cannot be read.
    """
    storage = open_tables(storage_url, create=False)
    if storage.engine.dialect.name == "sqlite":
        event.listen(storage.engine, "connect", _forbid_writes)
        storage.engine.dispose()  # connections from before this point can write
    return storage


def _forbid_writes(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")
