"""Studies on a database server, from the command line."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Thread

import pytest

from child_process import ChildProcess
from cli.conftest import Finished, call_fxai
from cli.test_verdict_command import SPEC, write_bars
from dashboard.test_serve import no_files, no_index
from database_servers import ENCODED, PASSWORD, DatabaseServer
from fxai.dashboard.serve import Shown, dashboard_server
from fxai.errors import InputError
from fxai.search.lock import hold_study
from fxai.search.studies import load_study

pytestmark = pytest.mark.usefixtures("inline_workers")

COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("best", "judged"),
    ("best", "judged", "--json"),
    ("results",),
    ("results", "judged", "--json"),
    ("report", "judged"),
    ("show", "judged", "0"),
    ("analysis", "judged"),
    ("plot", "judged"),
    ("export", "judged"),
    ("verdict", "judged", "--seeds", "3"),
    ("transfer", "judged", "--to", "next.yaml"),
)
SECRETS = ("s3cret", ENCODED)


def assert_no_secret(finished: Finished, folder: Path) -> None:
    for text in (finished.out, finished.err):
        assert not any(secret in text for secret in SECRETS), text
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in SECRETS), path


@pytest.fixture(scope="module")
def url(postgresql: DatabaseServer) -> str:
    return postgresql.url()


@pytest.fixture(scope="module")
def ran(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a study was run, confirmed and judged."""
    folder = tmp_path_factory.mktemp("server")
    write_bars(folder / "bars.csv")
    spec = SPEC.replace("NAME", "judged").replace("FILE", "bars.csv")
    (folder / "judged.yaml").write_text(spec.replace("verdict: off", "verdict: {seeds: 3, neighbours: 0}"))
    (folder / "next.yaml").write_text(spec.replace("judged", "next"))
    finished = call_fxai(folder, "run", "--spec", "judged.yaml", "--storage", url)
    assert finished.code == 0, finished.err
    assert_no_secret(finished, folder)
    assert (folder / "optuna_results" / "judged" / "verdict.json").is_file()
    return folder


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_commands_read_the_study_and_show_no_password(ran: Path, url: str, arguments: tuple[str, ...]) -> None:
    finished = call_fxai(ran, *arguments, "--storage", url)
    assert finished.code == 0, finished.err
    assert_no_secret(finished, ran)


def test_the_dashboard_serves_the_study(ran: Path, url: str) -> None:
    with dashboard_server(Shown(url, no_files, no_index), 0) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        address = f"http://127.0.0.1:{server.server_port}/api/studies"
        with urllib.request.urlopen(address, timeout=60) as answer:
            listed = json.load(answer)
        server.shutdown()
        serving.join()
    assert [each["study_name"] for each in listed["study_summaries"]] == ["judged"]


def test_a_second_run_is_refused(ran: Path, url: str, tmp_path: Path) -> None:
    """The first run is on another machine, so it has another folder of lock files."""
    with hold_study(url, "judged", tmp_path):
        finished = call_fxai(ran, "run", "--spec", "judged.yaml", "--storage", url)
    assert finished.code == 3
    assert "holds the study 'judged'" in finished.err
    assert_no_secret(finished, ran)


@pytest.mark.parametrize(
    ("password", "database", "expected"),
    [
        ("s3cret-wrong", "postgres", "password authentication failed"),
        (ENCODED, "missing", "CREATE DATABASE name"),
        (PASSWORD, "postgres", "percent-encode special characters"),
    ],
)
def test_a_server_that_cannot_be_used(
    postgresql: DatabaseServer, tmp_path: Path, password: str, database: str, expected: str
) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    (tmp_path / "own.py").write_text(OWN)
    before = set(tmp_path.iterdir())
    finished = call_fxai(
        tmp_path, "run", "--spec", "slow.yaml", "--storage", postgresql.url(database, password=password)
    )
    assert finished.code == 2
    assert expected in finished.err
    assert finished.err.count("\n") == 1
    assert_no_secret(finished, tmp_path)
    assert set(tmp_path.iterdir()) == before


RUN = "import sys; from fxai.cli.app import main; sys.argv[0] = 'fxai'; main()"
SLOW = """\
name: slow
studies:
  - study_name: slow
    n_trials: 4
    n_jobs: 1
    objective: "own:slow"
    parameters:
      - {name: x, type: float, low: 0.0, high: 1.0}
"""
OWN = """\
import time

def slow(trial):
    if trial.number == 2:
        print("third", flush=True)
        time.sleep(WAIT)
    return trial.params["x"]
"""


def states(url: str) -> list[str]:
    try:
        return [trial.state.name for trial in load_study(url, "slow").trials]
    except InputError:
        return []  # not begun


def test_a_killed_run_is_resumed(postgresql: DatabaseServer, tmp_path: Path) -> None:
    url = postgresql.url()
    (tmp_path / "slow.yaml").write_text(SLOW)
    (tmp_path / "own.py").write_text(OWN.replace("WAIT", "600"))
    command = [sys.executable, "-c", RUN, "run", "--spec", "slow.yaml", "--storage", url]
    with ChildProcess(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while states(url) != ["COMPLETE", "COMPLETE", "RUNNING"]:
            assert running.poll() is None
        running.send_signal(signal.SIGKILL)
    (tmp_path / "own.py").write_text(OWN.replace("WAIT", "0"))
    finished = call_fxai(tmp_path, "run", "--spec", "slow.yaml", "--storage", url)
    assert finished.code == 0, finished.err
    assert_no_secret(finished, tmp_path)
    assert states(url) == ["COMPLETE"] * 4
