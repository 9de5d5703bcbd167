"""Completion on Tab, as the shells ask for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Fxai
from fxai.cli.app import COMMANDS


@pytest.fixture
def completed(fxai: Fxai, monkeypatch: pytest.MonkeyPatch) -> "Completed":
    return Completed(fxai, monkeypatch)


class Completed:
    """What bash is offered for the last word of a line."""

    def __init__(self, fxai: Fxai, monkeypatch: pytest.MonkeyPatch) -> None:
        self._fxai, self._environment = fxai, monkeypatch

    def __call__(self, line: str) -> list[str]:
        self._environment.setenv("_FXAI_COMPLETE", "complete_bash")
        self._environment.setenv("COMP_WORDS", line)
        self._environment.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        return self._fxai().out.split()


def test_commands(completed: Completed) -> None:
    assert completed("fxai ") == list(COMMANDS)
    assert completed("fxai da") == ["dashboard", "data"]
    assert completed("fxai data ") == ["describe"]


def test_options(completed: Completed) -> None:
    assert {"--json", "--storage"} <= set(completed("fxai status --"))
    assert "--version" in completed("fxai --")


def test_specs(completed: Completed, folder: Path) -> None:
    (folder / "quick.yaml").touch()
    (folder / "quick.txt").touch()
    (folder / "mine").mkdir()
    (folder / "mine" / "first.yml").touch()
    assert completed("fxai run --spec qui") == ["quick_search", "quick.yaml"]
    assert completed("fxai check mi") == ["mine/"]
    assert completed("fxai check mine/") == ["mine/first.yml"]
    assert completed("fxai check there/is/none") == []


def test_studies(completed: Completed, folder: Path, stored_study: str) -> None:
    (folder / "optuna_studies.db").rename(folder / "other.db")
    assert completed("fxai best --storage sqlite:///other.db m") == [stored_study]
    assert completed("fxai show --storage sqlite:///other.db x") == []
    assert completed("fxai best m") == []  # there is no database


def test_a_command_is_named_without_its_file(tmp_path: Path) -> None:
    code = "import sys; from fxai.cli.app import main; sys.argv = ['fxai']\ntry: main()\nfinally: print(*sys.modules)"
    environment = {**os.environ, "_FXAI_COMPLETE": "complete_bash", "COMP_WORDS": "fxai r", "COMP_CWORD": "1"}
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    *offered, loaded = asked.stdout.splitlines()
    assert offered == ["run", "retune", "results", "report"]
    assert {"fxai.cli.run", "optuna", "torch"}.isdisjoint(loaded.split())


def test_bash_takes_what_is_installed(tmp_path: Path) -> None:
    program = tmp_path / "fxai"
    program.write_text(f"#!{sys.executable}\nfrom fxai.cli.app import main\nmain()\n")
    program.chmod(0o755)
    session = """
        fxai --install-completion > /dev/null
        source ~/.bashrc
        COMP_WORDS=(fxai re) COMP_CWORD=1
        _fxai_completion fxai
        echo "${COMPREPLY[@]}"
    """
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shell = subprocess.run(["bash", "-c", session], capture_output=True, text=True, env=environment, check=False)
    assert shell.stdout.split() == ["retune", "results", "report"], shell
