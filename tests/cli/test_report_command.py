"""`fxai report`."""

import json
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

from cli.conftest import Finished, Fxai


def test_it_writes_the_report_and_says_where(fxai: Fxai, stored_study: str, folder: Path) -> None:
    done = fxai("report", stored_study)
    assert (done.code, done.out) == (0, "optuna_results/mine/report.html\n")
    page = (folder / "optuna_results/mine/report.html").read_text()
    assert "Trial 3 is the best of 4 trials: mean_reward 0.75." in page
    assert "CUDA out of memory" in page


def test_as_json_it_says_what_was_found_and_what_to_do(fxai: Fxai, stored_study: str) -> None:
    told = json.loads(fxai("report", stored_study, "--json").out)
    assert told["report"] == "optuna_results/mine/report.html"
    assert "0.5 above trial 0, the default configuration" in told["found"]
    assert {"what", "why", "command"} == set(told["next"][0])


def test_of_all_studies_there_is_a_page(fxai: Fxai, stored_study: str, study_of_seeds: str, folder: Path) -> None:
    done = fxai("report", "--all")
    assert done.out.split() == [
        "optuna_results/mine/report.html",
        "optuna_results/seeds/report.html",
        "optuna_results/index.html",
    ]
    assert "0.00342 ±\N{NO-BREAK SPACE}0.00021 (trial 1)" in (folder / "optuna_results/index.html").read_text()


@pytest.mark.parametrize("arguments", [(), ("mine", "--all")])
def test_it_takes_one_study_or_all(fxai: Fxai, arguments: tuple[str, ...]) -> None:
    done = fxai("report", *arguments)
    assert done.code == 2
    assert "name a study, or use --all" in done.err


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Path]:
    """A browser that writes the address that it is to open into a file."""
    opened = tmp_path / "opened"
    program = f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])"
    known = list(webbrowser._tryorder or [])  # type: ignore[attr-defined]  # it has no other way
    webbrowser.register("probe", None, webbrowser.GenericBrowser([sys.executable, "-c", program, "%s"]), preferred=True)
    yield opened
    webbrowser._tryorder[:] = known  # type: ignore[attr-defined]


def test_it_opens_the_page(fxai: Fxai, stored_study: str, folder: Path, browser: Path) -> None:
    fxai("report", stored_study, "--open")
    assert browser.read_text() == (folder / "optuna_results/mine/report.html").as_uri()


def test_a_study_whose_name_is_no_folder_is_left_out(fxai: Fxai, stored_study: str) -> None:
    optuna.create_study(study_name="../other", storage="sqlite:///optuna_studies.db")
    done = fxai("report", "--all")
    assert done.code == 0
    assert "optuna_results/mine/report.html" in done.out
    assert "skipped: the study name '../other' cannot name a results folder" in done.err


def test_a_run_that_draws_no_plots_writes_no_report(small_run: tuple[Path, Finished]) -> None:
    folder, _ = small_run
    assert (folder / "optuna_results/small/small_results.json").is_file()
    assert not (folder / "optuna_results/small/report.html").exists()
