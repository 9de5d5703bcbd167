"""The examples of the Python API run unchanged, with few and short trials."""

import ast
import contextlib
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LEAVES = {  # the files that each leaves, by which it is known to have come to its end
    "minimal_tuner": "optuna_results/*/best_agent.safetensors",
    "hpo_example": "hpo_reports/run_001/report.html",
    "own_engine": "optuna_results/own_engine/best_params.json",
    "studies": "studies/index.html",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with contextlib.chdir(tmp_path):
        yield tmp_path


def test_every_example_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(LEAVES)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LEAVES)
def test_an_example_runs(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [f"{name}.py", "--quick"])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert list(folder.glob(LEAVES[name]))
    assert "best" in capsys.readouterr().out.lower()


@pytest.mark.timeout(300)
def test_the_notebook_runs_and_shows_tables_and_figures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FXAI_QUICK", "1")
    cells = json.loads((EXAMPLES / "hpo_notebook.ipynb").read_text())["cells"]
    names: dict[str, Any] = {}
    shown = [run_cell("".join(cell["source"]), names) for cell in cells if cell["cell_type"] == "code"]
    html = [each._repr_html_() for each in shown if hasattr(each, "_repr_html_")]
    assert len(html) == 4
    assert "Study notebook" in html[0]
    assert (folder / "notebook_report" / "report.html").exists()


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; what a notebook would show of it."""
    tree = ast.parse(source)
    last = tree.body[-1] if isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        tree.body.pop()
    exec(compile(tree, "cell", "exec"), names)  # noqa: S102 (the notebook's own)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
