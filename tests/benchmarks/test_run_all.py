"""Every benchmark takes part in `poe bench` and `poe bench-smoke`, and one that fails is named."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from run_all import FOLDER, SHORTER, run, scripts_in

SCRIPTS = scripts_in(FOLDER)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_has_a_smallest_form(script: Path) -> None:
    assert "parse(parser" in script.read_text() or '"--smoke"' in script.read_text()


def test_each_other_file_is_a_module_of_some_benchmark() -> None:
    files = {path.stem: ast.parse(path.read_text()) for path in FOLDER.glob("*.py") if path.stem != "run_all"}
    imported = {
        name
        for tree in files.values()
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    named = {"ledger_objective"}  # in the spec of `chaos`
    assert files.keys() - {script.stem for script in SCRIPTS} <= imported | named


def test_the_shorter_forms_are_those_of_benchmarks() -> None:
    assert SHORTER.keys() <= {script.stem for script in SCRIPTS}


def test_a_script_that_is_added_takes_part_and_a_module_does_not(tmp_path: Path) -> None:
    (tmp_path / "added.py").write_text('if __name__ == "__main__":\n    print("{}")\n')
    (tmp_path / "module.py").write_text("NUMBER = 1\n")
    assert scripts_in(tmp_path) == [tmp_path / "added.py"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("print('table'); print('{\"x\": 1}')", None),
        ("print('{}'); raise SystemExit(3)", "ended with 3"),
        ("print('table')", "its last line is no JSON: 'table'"),
        ("pass", "its last line is no JSON: ''"),
    ],
)
def test_a_benchmark_passes_with_a_line_of_json(body: str, fault: str | None, tmp_path: Path) -> None:
    script = tmp_path / "one.py"
    script.write_text(body)
    assert run(script, (), most_seconds=60).fault == fault


def test_one_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    script = tmp_path / "one.py"
    script.write_text("import subprocess\nsubprocess.run(['sleep', '600'])\n")
    assert run(script, (), most_seconds=0.5).fault == "took longer than 0.5 s"


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    command = [sys.executable, str(FOLDER / "run_all.py"), "chaoss"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("no such benchmark: chaoss; there are ")
