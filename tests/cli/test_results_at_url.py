"""Results at a URL, from the command line and from Python, on two machines with a folder of state each."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fxai
from child_process import ChildProcess
from cli.conftest import SMALL_SPEC, Finished, call_fxai
from cli.test_server_storage import OWN, RUN, SLOW
from database_servers import DatabaseServer
from fxai.errors import InputError
from fxai.mirror.store import Store
from fxai.search.studies import load_study
from inline_workers import train_in_this_process
from result_stores import new_bucket, new_folder, s3_server

COMMANDS = (
    ("status",),
    ("best", "slow"),
    ("results",),
    ("results", "slow", "--json"),
    ("show", "slow", "0"),
    ("report", "slow"),
    ("plot", "slow"),
    ("export", "slow"),
    ("analysis", "slow"),
)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        return new_folder(tmp_path)
    return new_bucket(request.getfixturevalue("s3"), monkeypatch)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "slow.yaml").write_text(SLOW)
    (folder / "own.py").write_text(OWN.replace("WAIT", "0"))
    return folder


def on(machine: str, work: Path, *arguments: str) -> Finished:
    """A command line on a machine, which has folders of state and cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for folder in ("STATE", "CACHE"):
            patch.setenv(f"XDG_{folder}_HOME", str(work.parent / machine / folder.lower()))
        return call_fxai(work, *arguments)


def copy_of(machine: str, work: Path) -> Path:
    (folder,) = (work.parent / machine / "state" / "fxai" / "results").iterdir()
    return folder


def states(machine: str, work: Path, database: str | None = None) -> list[tuple[int, str]]:
    url = database or f"sqlite:///{copy_of(machine, work) / 'studies.db'}"
    return [(trial.number, trial.state.name) for trial in load_study(url, "slow").trials]


def kill_in_third_trial(work: Path, url: str, *options: str) -> None:
    """Start a run on machine `first` and kill it when two trials are uploaded."""
    (work / "own.py").write_text(OWN.replace("WAIT", "600"))
    quick = "from fxai.mirror import background; background.PAUSE_SECONDS = 0.1; "
    command = [sys.executable, "-c", quick + RUN, "run", "--spec", "slow.yaml", "--results-dir", url, *options]
    environment = {**os.environ, "XDG_STATE_HOME": str(work.parent / "first" / "state")}
    store = Store(url)
    with ChildProcess(
        command, cwd=work, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        while "slow/trials/00002/trial.log" not in store.files("slow") or not (options or store.read("studies.db")):
            assert running.poll() is None
        held = on("second", work, "run", "--spec", "slow.yaml", "--results-dir", url, *options)
        running.send_signal(signal.SIGKILL)
    assert held.code == 3
    assert f"process {running.pid} on {socket.gethostname()}" in held.err
    (work / "own.py").write_text(OWN.replace("WAIT", "0"))


def test_a_killed_run_is_continued_on_another_machine(url: str, work: Path) -> None:
    kill_in_third_trial(work, url)
    finished = on("second", work, "run", "--spec", "slow.yaml", "--results-dir", url)
    assert finished.code == 0, finished.err
    assert f"--results-dir {url}" in finished.out
    assert states("second", work) == [(number, "COMPLETE") for number in range(4)]
    values = [trial["value"] for trial in json.loads(Store(url).read("slow/slow_results.json") or b"")["trials"]]
    for arguments in COMMANDS:
        shown = on("third", work, *arguments, "--results-dir", url)
        assert shown.code == 0, shown.err
    assert states("third", work) == states("second", work)
    again = on("first", work, "run", "--spec", "slow.yaml", "--results-dir", url, "--n-trials", "5")
    assert again.code == 0, again.err
    stored = json.loads(Store(url).read("slow/slow_results.json") or b"")
    assert [trial["value"] for trial in stored["trials"]][:4] == values
    assert len(stored["trials"]) == 5


def test_a_killed_run_of_a_study_on_a_server(
    s3: str, postgresql: DatabaseServer, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, database = new_bucket(s3, monkeypatch), postgresql.url()
    kill_in_third_trial(work, url, "--storage", database)
    finished = on("second", work, "run", "--spec", "slow.yaml", "--results-dir", url, "--storage", database)
    assert finished.code == 0, finished.err
    assert states("second", work, database) == [(number, "COMPLETE") for number in range(4)]
    there = set(Store(url).files("slow"))
    assert {f"slow/trials/0000{number}/trial.log" for number in range(4)} <= there
    assert "studies.db" not in Store(url).files()
    assert not (copy_of("second", work) / "slow~1").exists()


def test_a_spec_and_a_program_name_the_url(url: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "slow.yaml").write_text(SLOW.replace("studies:", f"results_dir: {url}\nstudies:"))
    assert on("first", work, "run", "slow.yaml", "--dry-run").code == 0
    assert not Store(url).files()
    monkeypatch.chdir(work)
    ran = fxai.run_study("slow.yaml", plots=False)
    assert len(ran.study.trials) == 4
    assert len(fxai.load_results("slow", results_dir=url).study.trials) == 4
    assert "slow/slow_results.json" in Store(url).files("slow")
    assert not list(work.glob("*.db"))


def test_a_database_elsewhere_is_named_in_a_warning(work: Path) -> None:
    url = new_folder(work.parent)
    finished = on("first", work, "run", "slow.yaml", "--results-dir", url, "--storage", "sqlite:///own.db")
    assert finished.code == 0
    assert "the database sqlite:///own.db is on this machine" in finished.out + finished.err
    assert "studies.db" not in Store(url).files()


LOSES_THE_STORE = """\
import contextlib
import os

def slow(trial):
    while trial.number == 1 and not os.path.isfile(STORE):  # again if an upload has made the folder meanwhile
        with contextlib.suppress(OSError):
            os.rename(STORE, f"{STORE}.{os.urandom(4).hex()}")
            with open(STORE, "w") as file:
                file.write("lost")
    return 1.0
"""


def test_results_that_cannot_be_uploaded(work: Path) -> None:
    """The store is lost during the run; the next run uploads everything."""
    url, store = new_folder(work.parent), work.parent / "store"
    (work / "own.py").write_text(LOSES_THE_STORE.replace("STORE", repr(str(store))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fxai.mirror.background.STALLED_SECONDS", 0.5)
        finished = on("first", work, "run", "slow.yaml", "--results-dir", url)
    assert finished.code == 1
    assert f"{url} does not have all files of this run" in finished.err
    store.unlink()
    assert on("first", work, "run", "slow.yaml", "--results-dir", url).code == 0
    assert on("second", work, "best", "slow", "--results-dir", url).code == 0
    assert {f"slow/trials/0000{number}/trial.log" for number in range(4)} <= set(Store(url).files("slow"))


@train_in_this_process()
def test_an_agent_is_evaluated_by_its_url(work: Path) -> None:
    url = new_folder(work.parent)
    (work / "small.yaml").write_text(SMALL_SPEC)
    assert on("first", work, "run", "small.yaml", "--results-dir", url).code == 0
    for agent, record in {
        "best_agent.safetensors": "best_agent_validation.json",
        "trials/00000/agent.safetensors": "trials/00000/agent_validation.json",
    }.items():
        finished = on("second", work, "evaluate", f"{url}/small/{agent}", "--json")
        assert finished.code == 0, finished.err
        assert json.loads(finished.out)["metrics"] == json.loads(Store(url).read(f"small/{record}") or b"")["metrics"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("memory://results", "keeps files in the memory of one process"),
        ("https://example.com/results", "cannot be written"),
        ("s3://user:s3cret@host/results", "contains a user or a password"),
        ("simplecache::s3://bucket/results", "names one file system inside another"),
        ("nosuch://bucket/results", "no file system is known as nosuch"),
        ("gs://bucket/results", "install gcsfs"),
    ],
)
@pytest.mark.parametrize("command", [("run", "slow.yaml"), ("status",)], ids=["run", "status"])
def test_urls_that_are_refused(work: Path, given: str, expected: str, command: tuple[str, ...]) -> None:
    before = set(work.iterdir())
    finished = on("first", work, *command, "--results-dir", given)
    assert finished.code == 2
    assert expected in finished.err
    assert finished.err.count("\n") == 1
    assert "s3cret" not in finished.err
    assert set(work.iterdir()) == before


def test_a_store_that_does_not_answer(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fxai.mirror.store.FIRST_SECONDS", 0.5)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    before = set(work.iterdir())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        finished = on("first", work, "run", "slow.yaml", "--results-dir", "s3://bucket/results")
    assert finished.code == 1
    assert "cannot use s3://bucket/results: no answer for 0.5 seconds" in finished.err
    assert set(work.iterdir()) == before
    assert not (work.parent / "first" / "state").exists()


def test_a_url_where_only_folders_work(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(work)
    with pytest.raises(InputError, match="is a URL"):
        fxai.HPOAnalyzer("s3://bucket/results")
    assert not list(work.glob("s3*"))


class Quick:
    """A training engine that computes its score."""

    def train(self, model_config: Any, data_config: Any, training_config: Any, trial: Any) -> dict[str, float]:
        del model_config, data_config, trial
        return {"score": float(training_config["x"])}


def test_the_optimizer_of_similar_programs_takes_the_url(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its study is in the store, and another machine loads it from there."""
    url = new_folder(work.parent)
    monkeypatch.chdir(work)
    fxai.HPOptimizer(Quick(), results_dir=url, plots=False).optimize(
        param_space={"x": {"type": "uniform", "low": 0.0, "high": 1.0}},
        param_mapping={"x": "training.x"},
        num_trials=3,
        metric="score",
        mode="max",
        study_name="quick",
    )
    monkeypatch.setenv("XDG_STATE_HOME", str(work.parent / "second"))
    assert len(fxai.load_results("quick", results_dir=url).study.trials) == 3
    assert not list(work.glob("*.db"))
