"""The lease of a study: one run of several owns the study, and a former holder writes no more."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import lease_holder
from child_process import ChildProcess
from database_servers import DatabaseServer
from fxai.errors import InputError, LeaseLostError, StudyHeldError
from fxai.search.lock import hold_study, is_held
from fxai.search.server_connection import session_engine
from fxai.search.studies import load_study
from fxai.search.study_lease import LeaseHolder, LeaseOffice, StudyLease, check_joinable

SECONDS = 2.0
"""Length of the leases of these tests."""


def taken(url: str, seconds: float = SECONDS) -> StudyLease | None:
    office = LeaseOffice(url, "small")
    try:
        return office.try_take(lambda: LeaseHolder("here", 2, "127.0.0.1", 2, "token", seconds=seconds))
    finally:
        office.close()


def taken_after_a_while(url: str) -> StudyLease:
    deadline = time.monotonic() + 120
    while (lease := taken(url)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return lease


@contextmanager
def other_holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, which holds the lease and has asked for a trial."""
    command = [sys.executable, lease_holder.__file__, url, str(SECONDS)]
    with ChildProcess(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert answer(process) == "generation 1"
            yield process
        finally:
            process.kill()


def answer(process: subprocess.Popen[str], line: str = "") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


def states(url: str) -> list[str]:
    return [trial.state.name for trial in load_study(url, "small").trials]


def test_a_killed_holder_is_replaced_at_once(database_server: DatabaseServer) -> None:
    url = database_server.url()
    with other_holder(url) as other:
        assert answer(other, "tell") == "told"
        assert taken(url) is None
        office = LeaseOffice(url, "small")
        row = office.read()
        assert row is not None
        assert row.is_current
        assert (row.generation, row.holder.name, row.holder.token) == (1, "there (process 1)", "token")
        assert "token" not in str(row)
        other.send_signal(signal.SIGKILL)
        lease = taken_after_a_while(url)
    assert lease.generation == 2
    lease.finish('{"status": "succeeded"}')
    lease.close()
    row = office.read()
    assert row is not None
    assert (row.generation, row.outcome, row.is_current) == (2, '{"status": "succeeded"}', False)


def test_a_holder_that_is_frozen_is_replaced_and_writes_no_more(database_server: DatabaseServer) -> None:
    url = database_server.url()
    with other_holder(url) as other:
        time.sleep(SECONDS)
        assert taken(url) is None, "it renews its lease"
        other.send_signal(signal.SIGSTOP)
        lease = taken_after_a_while(url)
        assert lease.generation == 2
        other.send_signal(signal.SIGCONT)
        assert answer(other, "tell") == "LeaseLostError: another run has taken over the study 'small'"
        assert states(url) == ["RUNNING"]
        lease.close()
        assert answer(other, "tell").startswith("LeaseLostError"), "also once nobody holds the study"
        assert states(url) == ["RUNNING"]


def test_no_run_takes_over_while_the_holder_commits(database_server: DatabaseServer) -> None:
    """As if the holder was frozen in a transaction. The server ends the transaction after the length of the lease."""
    url = database_server.url()
    lease = taken(url)
    assert lease is not None
    lease.close()  # its connection ends
    engine = session_engine(url).execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as connection:
        began = time.monotonic()
        lease.has_lock = False
        lease.renew(connection)
        following = taken_after_a_while(url)
        assert time.monotonic() - began > SECONDS / 2
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT 1"))
    with engine.begin() as connection, pytest.raises(LeaseLostError):
        lease.renew(connection)
    following.close()


def test_a_run_without_join_and_a_lease_exclude_each_other(database_server: DatabaseServer, tmp_path: Path) -> None:
    url = database_server.url()
    with hold_study(url, "small", tmp_path), pytest.raises(StudyHeldError, match="holds the study 'small'"):
        taken(url)
    lease = taken(url)
    assert lease is not None
    assert is_held(url, "small", tmp_path)
    with pytest.raises(StudyHeldError, match="holds the study 'small'"), hold_study(url, "small", tmp_path):
        pass
    lease.close()
    with hold_study(url, "small", tmp_path), pytest.raises(StudyHeldError):
        taken_after_a_while(url)  # once the lease of the last run has lapsed


def test_a_lease_survives_a_restart_of_the_server(database_server: DatabaseServer) -> None:
    url = database_server.url()
    lease = taken(url)
    assert lease is not None
    database_server.stop()
    database_server.start()
    with session_engine(url).connect() as connection:
        lease.renew(connection)
    assert taken(url) is None
    lease.close()


@pytest.mark.parametrize("url", ["sqlite:///studies.db", "sqlite://", "oracle://user@host/studies"])
def test_a_database_that_runs_cannot_join(url: str) -> None:
    with pytest.raises(InputError, match=r"--join: .*PostgreSQL"):
        check_joinable(url)
