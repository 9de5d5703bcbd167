"""Databases on servers that cannot be used: one message each, and nothing written."""

import socket
import subprocess
import sys
import time

import pytest
from optuna.storages import RDBStorage
from sqlalchemy import event, make_url

from database_servers import ENCODED, DatabaseServer, free_port
from fxai.errors import StorageError
from fxai.search.asked_trial import AskedTrial
from fxai.search.open_tables import open_tables
from fxai.search.server_driver import CONNECT_SECONDS, connect_options, with_driver
from fxai.search.storage import WriteBehindStorage
from fxai.search.studies import study_names
from small_study import Opener, ask


def refusal(url: str, *, create: bool = True) -> str:
    """The message about a database that cannot be opened, which came in time."""
    began = time.monotonic()
    with pytest.raises(StorageError) as refused:
        open_tables(url, create=create)
    assert time.monotonic() - began < 10
    message = str(refused.value)
    assert "\n" not in message
    for secret in ("s3cret", "wrong", ENCODED):
        assert secret not in message
    return message


def tables_of(server: DatabaseServer, database: str) -> set[str]:
    schema = "public" if server.scheme == "postgresql" else database
    found = server.run("SELECT table_schema, table_name FROM information_schema.tables", database)
    return {table for of_schema, table in found if of_schema == schema}


def address(scheme: str, port: int) -> str:
    return f"{scheme}://boss:{ENCODED}@127.0.0.1:{port}/db"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_port_without_a_server(scheme: str) -> None:
    assert "check the host and the port, and that the server runs" in refusal(address(scheme, free_port()))


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_server_that_does_not_answer(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        message = refusal(address(scheme, listening.getsockname()[1]))
    assert message.endswith("check the host, the port and the firewall")


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_port_that_takes_no_connection(scheme: str) -> None:
    """The kernel drops the packets for a queue that is full, as a firewall does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        message = refusal(address(scheme, port))
        for each in waiting:
            each.close()
    assert message.endswith("check the host, the port and the firewall")


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_option_that_the_driver_does_not_have(scheme: str) -> None:
    assert "nosuch" in refusal(f"{address(scheme, free_port())}?nosuch=1").partition("?nosuch=1")[2]


def test_wrong_password(database_server: DatabaseServer) -> None:
    url = database_server.url(password="s3cret-wrong")  # noqa: S106
    assert "check the user, the password (with special characters percent-encoded)" in refusal(url)


def test_database_that_does_not_exist(database_server: DatabaseServer) -> None:
    for create in (True, False):
        message = refusal(database_server.url("missing"), create=create)
        assert "create it on the server first: CREATE DATABASE name" in message


def test_user_without_the_right_to_create_tables(database_server: DatabaseServer) -> None:
    database = database_server.new_database()
    if database_server.scheme == "postgresql":
        database_server.run("CREATE ROLE poor LOGIN PASSWORD 's3cret'", database)
    else:
        database_server.run("CREATE USER poor IDENTIFIED BY 's3cret'", database)
        database_server.run(f"GRANT SELECT ON {database}.* TO poor", database)
    message = refusal(database_server.url(database, "poor", "s3cret"))
    assert "give the user the right to create tables" in message or "give the user all rights" in message
    assert not tables_of(database_server, database)


@pytest.mark.parametrize("create", [True, False])
def test_tables_of_another_program(database_server: DatabaseServer, *, create: bool) -> None:
    database = database_server.new_database()
    database_server.run("CREATE TABLE studies (study_id INT, title VARCHAR(9))", database)
    assert "its table studies has no column study_name. The database was not changed" in refusal(
        database_server.url(database), create=create
    )
    assert tables_of(database_server, database) == {"studies"}


def test_database_of_another_program_that_uses_alembic(database_server: DatabaseServer) -> None:
    database = database_server.new_database()
    database_server.run("CREATE TABLE alembic_version (version_num VARCHAR(32))", database)
    database_server.run("INSERT INTO alembic_version VALUES ('abc')", database)
    assert "its table alembic_version has another program's version" in refusal(database_server.url(database))
    assert tables_of(database_server, database) == {"alembic_version"}


@pytest.mark.parametrize(("version", "expected"), [("v2.4.0.a", "storage upgrade"), ("v99.0.0.a", "updating optuna")])
def test_tables_of_another_version_of_optuna(database_server: DatabaseServer, version: str, expected: str) -> None:
    database = database_server.new_database()
    url = database_server.url(database)
    open_tables(url, create=True).engine.dispose()
    database_server.run(f"UPDATE alembic_version SET version_num = '{version}'", database)  # noqa: S608
    database_server.run("DROP TABLE trial_values", database)
    before = tables_of(database_server, database)
    assert expected in refusal(url)
    assert tables_of(database_server, database) == before


def test_empty_database_holds_no_studies(database_server: DatabaseServer) -> None:
    database = database_server.new_database()
    assert refusal(database_server.url(database), create=False).endswith("holds no studies")
    assert not tables_of(database_server, database)


def test_creation_that_was_interrupted_is_completed(database_server: DatabaseServer) -> None:
    database = database_server.new_database()
    url = database_server.url(database)
    open_tables(url, create=True).engine.dispose()
    complete = tables_of(database_server, database)
    database_server.run("DROP TABLE alembic_version", database)
    database_server.run("DROP TABLE trial_values", database)
    assert study_names_of(url) == ()
    assert tables_of(database_server, database) == complete


def study_names_of(url: str) -> tuple[str, ...]:
    open_tables(url, create=True).engine.dispose()
    return study_names(url)


CREATOR = """
import sys
from fxai.search.storage import WriteBehindStorage
print("ready", flush=True)
sys.stdin.readline()
storage = WriteBehindStorage(sys.argv[1])
storage.create_new_study([1], sys.argv[2])
storage.close()
"""


def test_processes_that_begin_together_on_an_empty_database(database_server: DatabaseServer) -> None:
    url = database_server.url()
    names = [f"study{k}" for k in range(4)]
    started = [
        subprocess.Popen([sys.executable, "-c", CREATOR, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in names
    ]
    for each in started:
        assert each.stdout.readline() == b"ready\n"
    for each in started:
        each.stdin.write(b"\n")
        each.stdin.flush()
    for each in started:
        each.communicate(timeout=120)
    assert [each.returncode for each in started] == [0] * len(started)
    assert sorted(study_names(url)) == names


def test_password_with_special_characters_is_encoded_in_the_url(
    database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_server.url()
    monkeypatch.setenv("STUDIES_PASSWORD", ENCODED)
    WriteBehindStorage(url.replace(ENCODED, "${STUDIES_PASSWORD}")).close()
    assert study_names(url) == ()


def test_optunas_own_storage_reads_the_tables(database_server: DatabaseServer) -> None:
    url = database_server.url()
    WriteBehindStorage(url).close()
    named = url if url.startswith("postgresql") else url.replace("mysql:", "mysql+pymysql:")
    assert RDBStorage(named.replace("{", "{{")).get_all_studies() == []


def test_a_reader_sees_the_study_at_one_moment(database_server: DatabaseServer, open_study: Opener) -> None:
    """A trial that is asked while another process reads has its parameters, or is not read."""
    url = database_server.url()
    search = open_study(url)
    ask(search)
    reader = WriteBehindStorage(url, create=False)
    asked: list[AskedTrial] = []

    def ask_another(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM trial_params" in statement and not asked:
            asked.append(ask(search))

    event.listen(reader._sql.engine, "after_cursor_execute", ask_another)
    trials = reader.get_all_trials(reader.get_study_id_from_name("small"))
    reader.close()
    assert [each.number for each in asked] == [1]
    assert [len(trial.params) for trial in trials] == [3]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://h/d", r"needs the driver psycopg, which is not installed; .*pip install 'fxai\[postgresql\]'"),
        ("postgresql+psycopg://h/d", r"needs the driver psycopg, .*pip install 'fxai\[postgresql\]'"),
        ("postgresql+pg8000://h/d", r"install pg8000, or write postgresql:// for the driver psycopg"),
        ("mysql://h/d", r"needs the driver pymysql, .*poetry install --extras mysql"),
        ("mariadb+pymysql://h/d", r"a study in MariaDB needs the driver pymysql"),
        ("postgres://h/d", "write postgresql://"),
        ("nosuch://h/d", "no database is known as nosuch"),
    ],
)
def test_missing_driver(url: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("psycopg", "pymysql", "MySQLdb", "psycopg2", "pg8000"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("fxai.search.server_driver.find_spec", lambda _: None)
    with pytest.raises(StorageError, match=expected):
        open_tables(url, create=True)


def test_limits_of_time_of_the_url_win() -> None:
    url = with_driver(make_url("postgresql://h/d?connect_timeout=9"))
    assert "connect_timeout" not in connect_options(url)
    assert connect_options(with_driver(make_url("postgresql://h/d")))["connect_timeout"] == CONNECT_SECONDS
