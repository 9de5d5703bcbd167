"""The program as a whole: its help, its version, what it loads."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from cli.conftest import Fxai
from fxai.cli.app import COMMANDS


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_commands(fxai: Fxai, arguments: tuple[str, ...]) -> None:
    finished = fxai(*arguments)
    assert finished.code == 0
    assert "Find good hyperparameters for trading agents" in finished.out
    for name, line in COMMANDS.items():
        assert f"{name:<9}  {line}\n" in finished.out


@pytest.mark.parametrize("command", [*COMMANDS, "data describe"])
def test_help_of_a_command_is_plain_text(fxai: Fxai, command: str) -> None:
    finished = fxai(*command.split(), "--help")
    assert finished.code == 0
    assert finished.out.startswith(f"Usage: fxai {command} ")
    assert "\x1b" not in finished.out
    assert "─" not in finished.out
    assert max(map(len, finished.out.splitlines())) <= 80


@pytest.mark.parametrize(("name", "line"), COMMANDS.items())
def test_the_list_has_the_first_lines_of_the_helps(fxai: Fxai, name: str, line: str) -> None:
    assert f"\n  {line}\n" in fxai(name, "--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_a_function_of_its_file(name: str) -> None:
    command = getattr(import_module(f"fxai.cli.{name}"), name)
    assert isinstance(command, typer.Typer) or command.__module__ == f"fxai.cli.{name}"


def test_version(fxai: Fxai) -> None:
    assert fxai("--version").out == f"fxai {version('fxai')}\n"


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"torch", "optuna", "pandas", "sqlalchemy", "plotly"}),
        (["check", "quick_search"], {"torch", "optuna", "plotly"}),
        (["status"], {"torch", "plotly"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_loads_only_what_it_needs(tmp_path: Path, arguments: list[str], unwanted: set[str]) -> None:
    code = f"""
import atexit, sys
sys.argv = ["fxai", *{arguments!r}]
atexit.register(lambda: print("loaded:", *sorted({unwanted!r} & set(sys.modules))))
from fxai.cli.app import main
main()
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert finished.stdout.splitlines()[-1] == "loaded:"


def test_the_workers_of_a_run_start_before_the_search_is_loaded(tmp_path: Path) -> None:
    code = """
import sys
from fxai.study import early_start

def started(*arguments):
    print("loaded:", *sorted({"sqlalchemy", "numpy", "optuna", "pandas"} & set(sys.modules)))
    sys.exit()

early_start.EarlyWorkers = started
sys.argv = ["fxai", "run", "quick_search"]
from fxai.cli.app import main
main()
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert finished.stdout == "loaded:\n", finished


@pytest.mark.parametrize("command", [*COMMANDS, "data describe"])
def test_help_has_no_names_of_types(fxai: Fxai, command: str) -> None:
    out = fxai(*command.split(), "--help").out
    assert not re.search(r"<(?!study>)|x[<>]=|\{|list\[|(int|float) range", out), out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rnu",), "there is no command 'rnu'; did you mean 'run'?"),
        (("dashbord",), "did you mean 'dashboard'?"),
        (("quick_search",), "there is no command 'quick_search'; to run the spec of this name: fxai run quick_search"),
        (("run", "--n-jobs", "two"), "'--n-jobs': 'two' is not a whole number"),
        (("run", "--n-trials", "0"), "'--n-trials': '0' is less than 1"),
        (("run", "--timeout", "1h"), "'--timeout': '1h' is not a number"),
        (("dashboard", "--port", "70000"), "'--port': '70000' is more than 65535"),
        (("export", "x", "--format", "xls"), "'xls' is not one of 'csv', 'parquet', 'json', 'all'"),
        (("run", "a.yaml", "--spec", "b.yaml"), "the spec is named twice, as a.yaml and as --spec b.yaml"),
        (("transfer", "x"), "name the spec of the target study with --to, or a file for a new spec with --new"),
    ],
)
def test_a_mistake_on_the_command_line(fxai: Fxai, arguments: tuple[str, ...], words: str) -> None:
    finished = fxai(*arguments)
    assert finished.code == 2
    assert words in finished.err


def test_run_takes_the_spec_as_an_argument(fxai: Fxai) -> None:
    for arguments in (("reward",), ("--spec", "reward"), ("--n-trials", "3", "reward")):
        plan = fxai("run", *arguments, "--dry-run")
        assert plan.code == 0, plan
        assert "Study: fx_ai_reward" in plan.out
