"""Every command that FxAI prints is run, in the folder in which it was printed."""

import html
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import pytest
from optuna.storages import RDBStorage

from child_process import ChildProcess
from cli.conftest import Finished, Fxai, call_fxai

STUDY = "it's 1 $study"
STORAGE = "sqlite:///my databases/a b.db"
RESULTS = "my results & more"
PLACES = ("--storage", STORAGE, "--results-dir", RESULTS)
SPEC = f"""\
name: mine
studies:
  - study_name: "{STUDY}"
    objective: objective:train
    direction: maximize
    metric_name: score
    n_trials: 14
    sampler: {{type: RandomSampler}}
    parameters:
      x: {{type: float, low: 0.0, high: 1.0}}
      y: {{type: float, low: 0.0, high: 1.0}}
"""
OBJECTIVE = """\
def train(trial):
    if trial.params["y"] < 0.25:
        raise ValueError("no such bar")
    return trial.params["x"]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder with a study that was run there, at other places than the usual ones."""
    folder = tmp_path_factory.mktemp("printed")
    (folder / "my spec.yaml").write_text(SPEC)
    (folder / "objective.py").write_text(OBJECTIVE)
    (folder / "my databases").mkdir()
    return folder, call_fxai(folder, "run", "my spec.yaml", *PLACES, "--n-jobs", "1")


@pytest.fixture
def here(ran: tuple[Path, Finished], folder: Path) -> Path:
    """A copy of that folder, as the working folder."""
    shutil.copytree(ran[0], folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser would have opened."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


def printed(text: str) -> list[str]:
    """The commands in a text for a terminal or in Markdown."""
    lines = [line.strip().rpartition(": ")[2] for line in text.splitlines()]
    return [command for line in lines for command in line.split(" && ") if command.startswith("fxai ")]


def on_page(page: str) -> list[str]:
    """The commands on a page."""
    codes = re.findall(r"<code[^>]*>(.*?)</code>", page, re.DOTALL)
    return [html.unescape(re.sub("<wbr>", "", code)) for code in codes]


def run_all(folder: Path, commands: Sequence[str]) -> None:
    assert commands
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "fxai"
        finished = serve(folder, arguments) if arguments[0] == "dashboard" else call_fxai(folder, *arguments)
        assert finished.code == 0, (command, finished)


def serve(folder: Path, arguments: Sequence[str]) -> Finished:
    """Run the dashboard until it prints its address."""
    program = [sys.executable, "-c", "from fxai.cli.app import main; main()", *arguments, "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with ChildProcess(program, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        server.send_signal(signal.SIGINT)
    return Finished(0 if line.startswith("Dashboard: http://localhost:") else 1, line, "")


def test_those_at_the_end_of_a_run(ran: tuple[Path, Finished], here: Path, opened: list[str]) -> None:
    assert ran[1].code == 0, ran[1]
    commands = printed(ran[1].out)
    assert [shlex.split(command)[1] for command in commands] == ["report", "show", "results", "dashboard"]
    run_all(here, commands)
    assert opened == [(here / RESULTS / STUDY / "report.html").as_uri()]
    assert not (here / "optuna_results").exists()  # nothing of another study is touched
    assert not (here / "optuna_studies.db").exists()


def test_those_of_the_report(here: Path) -> None:
    assert call_fxai(here, "report", STUDY, *PLACES).code == 0
    commands = on_page((here / RESULTS / STUDY / "report.html").read_text())
    words = {shlex.split(command)[1] for command in commands}
    assert {"show", "train"} <= words
    run_all(here, commands)
    assert not (here / "optuna_results").exists()


def test_a_run_and_a_transfer_of_the_report(here: Path, fxai: Fxai) -> None:
    spec = f"{RESULTS}/{STUDY}/spec.yaml"
    more = call_fxai(here, "run", spec, "--n-trials", "16", *PLACES)
    assert more.code == 0, more
    assert "Resumed: 14 of 16 trials are finished" in more.out
    carried = fxai("transfer", STUDY, "--new", "next one.yaml", "--mode", "narrow,enqueue", *PLACES)
    assert carried.code == 0, carried
    run_all(here, printed(carried.out))
    assert (here / RESULTS / "next one" / "report.html").is_file()
    again = fxai("transfer", STUDY, "--new", "next one.yaml", "--mode", "fix_unimportant", *PLACES)
    assert again.code == 0, again
    (here / "next one.yaml").write_text("name: mine\n")
    refused = fxai("transfer", STUDY, "--new", "next one.yaml", *PLACES)
    assert refused.code == 2
    assert "next one.yaml exists already; name another file" in refused.err


def test_those_of_an_export(here: Path, fxai: Fxai) -> None:
    assert fxai("export", STUDY, "--output", "for others", *PLACES).code == 0
    folder = here / "for others"
    shutil.copy(here / "objective.py", folder)
    run_all(folder, printed((folder / "README.md").read_text()))


@pytest.mark.parametrize("command", ["status", "results"])
def test_where_there_is_no_study_yet(fxai: Fxai, folder: Path, command: str) -> None:
    places = ("--storage", "sqlite:///none yet.db", *(("--results-dir", "a b") if command == "results" else ()))
    RDBStorage("sqlite:///none yet.db")
    (line,) = printed(fxai(command, *places).out)
    words = shlex.split(line)
    assert words[:3] == ["fxai", "run", "quick_search"]
    assert fxai(*words[1:], "--dry-run").code == 0
    assert "sqlite:///none yet.db" in words
