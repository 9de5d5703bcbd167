"""The lock of a study in its database, which excludes runs on other machines."""

import signal
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from database_servers import DatabaseServer
from fxai.errors import StorageError, StudyHeldError
from fxai.protocol import Report
from fxai.search import database
from fxai.search.lock import RenewLock, always_held, hold_study, is_held
from fxai.search.open_search import open_search
from fxai.search.server_connection import connected
from fxai.search.server_lock import ServerLock
from fxai.search.studies import load_study, study_names
from fxai.search.study import Search
from fxai.spec.search.study import StudySpec
from search.test_lock import holder
from small_study import DEFAULTS, FINGERPRINT, PARAMETERS, ask, complete


def test_a_run_on_another_machine_is_refused_until_the_holder_is_killed(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    """Another machine has another folder of lock files."""
    url, here = database_server.url(), tmp_path / "here"
    with holder(url, "mine", tmp_path / "there") as process:
        with pytest.raises(StudyHeldError) as refusal, hold_study(url, "mine", here):
            pass
        assert refusal.value.exit_code == 3
        who = f"process {process.pid} on " if database_server.scheme == "postgresql" else "a run on another machine"
        assert str(refusal.value).startswith(who)
        assert is_held(url, "mine", here)
        assert not is_held(url, "another", here)
        with hold_study(url, "another", here), hold_study(database_server.url(), "mine", here):
            pass  # of the same database, and of another database
        process.send_signal(signal.SIGKILL)
    with hold_study(url, "mine", here):
        pass
    assert not is_held(url, "mine", here)


def opened(url: str, renew_lock: RenewLock = always_held) -> Search:
    spec = StudySpec.model_validate({"study_name": "small", "parameters": PARAMETERS, "n_trials": 12})
    return open_search(spec, url, fingerprint=FINGERPRINT, default_params=DEFAULTS, renew_lock=renew_lock)


def trials_of(url: str) -> list[tuple[str, float | None]]:
    return [(trial.state.name, trial.value) for trial in load_study(url, "small").trials]


def test_a_run_continues_when_the_server_restarts(database_server: DatabaseServer, tmp_path: Path) -> None:
    url = database_server.url()
    with hold_study(url, "small", tmp_path / "here") as renew_lock:
        search = opened(url, renew_lock)
        first = ask(search)
        database_server.stop()
        restarting = threading.Timer(0.5, database_server.start)
        restarting.start()
        search.report(Report(first.number, 1, 0.5))
        search.tell(complete(first, 0.25))
        restarting.join()
        second = ask(search)
        assert is_held(url, "small", tmp_path / "there")
        search.close()
    assert trials_of(url) == [("COMPLETE", 0.25), ("RUNNING", None)]
    assert second.number == 1


def test_a_run_whose_study_was_taken_during_a_restart_writes_no_more(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    url = database_server.url()
    with hold_study(url, "small", tmp_path) as renew_lock:
        search = opened(url, renew_lock)
        first = ask(search)
        database_server.stop()
        database_server.start()
        with closing(ServerLock(url, "small")):  # on another machine
            with pytest.raises(StudyHeldError, match="holds the study 'small'"):
                search.tell(complete(first, 0.25))
            search.close()
    assert trials_of(url) == [("RUNNING", None)]


def test_a_run_without_its_server_stops_and_can_be_resumed(
    database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_server.url()
    search = opened(url)
    first = ask(search)
    monkeypatch.setattr(database, "AWAY_SECONDS", 0.3)
    database_server.stop()
    with pytest.raises(StorageError, match=r"does not answer for \d+ seconds: .*start this run again") as stopped:
        search.tell(complete(first, 0.25))
    search.close()
    assert "s3cret" not in str(stopped.value)
    database_server.start()
    resumed = opened(url)
    assert [asked.number for asked in resumed.left_running] == [first.number]
    resumed.tell(complete(first, 0.75))
    resumed.close()
    assert trials_of(url) == [("COMPLETE", 0.75)]


QUICK = "?connect_timeout=1&read_timeout=1"  # seconds


def test_a_run_continues_when_the_server_was_frozen(database_server: DatabaseServer, tmp_path: Path) -> None:
    """Its connections live on, and no packet is lost: only the missing answer tells that the server is away."""
    url = database_server.url() + QUICK
    with hold_study(url, "small", tmp_path / "here") as renew_lock:
        search = opened(url, renew_lock)
        first = ask(search)
        with ExitStack() as frozen:
            frozen.enter_context(database_server.frozen())
            thawing = threading.Timer(3, frozen.pop_all().close)
            thawing.start()
            search.report(Report(first.number, 1, 0.5))
            search.tell(complete(first, 0.25))
            thawing.join()
        second = ask(search)
        assert is_held(url, "small", tmp_path / "there")
        search.close()
    assert trials_of(url) == [("COMPLETE", 0.25), ("RUNNING", None)]
    assert second.number == 1


def test_a_run_stops_when_the_server_stays_frozen(
    database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = database_server.url() + QUICK
    monkeypatch.setattr(database, "AWAY_SECONDS", 0.3)
    with hold_study(url, "small", tmp_path) as renew_lock:
        search = opened(url, renew_lock)
        first = ask(search)
        with database_server.frozen():
            with pytest.raises(
                StorageError, match=r"does not answer for \d+ seconds: .*start this run again"
            ) as stopped:
                search.tell(complete(first, 0.25))
            search.close()
    assert "s3cret" not in str(stopped.value)
    with hold_study(url, "small", tmp_path) as renew_lock:
        resumed = opened(url, renew_lock)
        assert [asked.number for asked in resumed.left_running] == [first.number]
        resumed.close()


def test_a_statement_that_the_server_freezes_in_is_given_up(database_server: DatabaseServer) -> None:
    url = database_server.url() + QUICK
    opened(url).close()
    with connected(url) as connection:
        with database_server.frozen(), pytest.raises(DBAPIError, match="timed out"):
            connection.execute(sa.text("SELECT 1"))
        with pytest.raises(StorageError, match="check the host, the port and the firewall"), database_server.frozen():
            study_names(url)
    assert study_names(url) == ("small",)


def test_a_slow_answer_is_awaited_while_it_comes(postgresql: DatabaseServer) -> None:
    statement = "SELECT repeat('x', 9000), pg_sleep(0.3) FROM generate_series(1, 6)"
    with connected(postgresql.url() + QUICK) as connection:
        assert len(connection.execute(sa.text(statement)).all()) == 6


def test_a_trial_is_written_once_when_the_answer_to_its_commit_is_lost(
    postgresql: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.url()
    search = opened(url)
    ask(search)
    dialect = search._storage._sql.engine.dialect
    commit = dialect.do_commit

    def lose_answer(connection: PoolProxiedConnection) -> None:
        commit(connection)
        monkeypatch.undo()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(dialect, "do_commit", lose_answer)
    second = ask(search)
    search.tell(complete(second, 0.5))
    assert ask(search).number == 2
    search.close()
    assert trials_of(url) == [("RUNNING", None), ("COMPLETE", 0.5), ("RUNNING", None)]
