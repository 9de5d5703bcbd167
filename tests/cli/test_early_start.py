"""The workers of `fxai run` start before its data are read. A run with wrong input leaves no process and no file."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli.conftest import SMALL_SPEC, Fxai
from fxai.spec.search.study import StudySpec
from fxai.study.data_bars import study_bars


def wrong_bars(folder: Path) -> str:
    (folder / "bars.csv").write_text("time,open,high,low,close\n2024-01-01 00:00,1.1,1.0,1.2,1.1\n")
    return "data.source=bars.csv"


def results_in_a_file(folder: Path) -> str:
    (folder / "taken").write_text("")
    return "results_dir=taken"


def database_in_a_folder(folder: Path) -> str:
    (folder / "taken").mkdir()
    return "storage=sqlite:///taken"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[psutil.Process]:
    """The processes below this one when a run begins to read its data."""
    found: list[psutil.Process] = []

    def observed(study: StudySpec) -> object:
        found.extend(psutil.Process().children(recursive=True))
        return study_bars(study)

    monkeypatch.setattr("fxai.study.run.study_bars", observed)
    return found


@pytest.mark.parametrize("wrong", [wrong_bars, results_in_a_file, database_in_a_folder])
def test_a_run_with_wrong_input_leaves_no_process_and_no_file(
    fxai: Fxai, folder: Path, seen: list[psutil.Process], wrong: Callable[[Path], str]
) -> None:
    before = psutil.Process().children(recursive=True)
    (folder / "small.yaml").write_text(SMALL_SPEC)
    setting = wrong(folder)
    files = sorted(folder.rglob("*"))
    finished = fxai("run", "small.yaml", "--set", setting, "--n-jobs", "2")
    assert finished.code == 2, finished
    assert sorted(folder.rglob("*")) == files
    started = set(seen) - set(before)
    assert started, "supervisors and workers"
    assert not any(each.is_running() for each in started)
    assert psutil.Process().children(recursive=True) == before
