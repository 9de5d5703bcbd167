"""`fxai compare`, on studies in two databases."""

import json
from pathlib import Path

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import create_trial

from cli.conftest import call_fxai

SPACE: dict[str, BaseDistribution] = {"x": FloatDistribution(0, 1)}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the studies `a` and `b` in the usual database, and another `a` in `old.db`."""
    folder = tmp_path_factory.mktemp("compare")
    for file, name, values in (
        ("optuna_studies.db", "a", (0.1, 0.4, 0.3)),
        ("optuna_studies.db", "b", (0.2, 0.9, 0.5, 0.6)),
        ("old.db", "a", (0.7, 0.3)),
    ):
        study = optuna.create_study(study_name=name, storage=f"sqlite:///{folder / file}", direction="maximize")
        study.set_metric_names(["score"])
        study.add_trials(create_trial(value=x, params={"x": x}, distributions=SPACE) for x in values)
    return folder


def test_the_comparison_is_printed(kept: Path) -> None:
    finished = call_fxai(kept, "compare", "a", "b")
    assert finished.code == 0, finished
    assert finished.out.startswith("maximize score:\n")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in finished.out.splitlines() if "│" in line]
    assert rows[1][:4] == ["b", "0.9", "1", "4"]
    assert rows[2][:4] == ["a", "0.4", "1", "3"]
    assert rows[1][7].startswith("2 trials, ")  # until it had what a found
    assert "b leads a by 0.5. Without standard errors, this may be chance." in finished.out
    assert ["x", "0.4", "0.9", "-"] in rows
    assert finished.out.endswith("Page: optuna_results/compare.html\n")
    assert "Comparison of a, b" in (kept / "optuna_results" / "compare.html").read_text()


def test_of_another_database(kept: Path) -> None:
    told = json.loads(call_fxai(kept, "compare", "a", "old.db#", "--json", "--output", "page.html").out)
    assert [study["label"] for study in told["studies"]] == ["a (optuna_studies.db)", "a (old.db)"]
    assert told["groups"][0]["studies"] == ["a (old.db)", "a (optuna_studies.db)"]
    assert [study["best"]["value"] for study in told["studies"]] == [0.4, 0.7]
    assert told["studies"][0]["progress"]["over_trials"] == [[1, 0.1], [2, 0.4]]
    assert (kept / "page.html").is_file()


def test_json_alone_writes_nothing(kept: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*")}
    assert call_fxai(kept, "compare", "a", "b", "--json").code == 0
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*")} == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("a",), "a comparison needs at least two studies; only 'a' is given"),
        (("a", "c"), "Study 'c' not found"),
        (("a", "none.db#a"), "there is no study database none.db"),
        (("a", "a"), "is named twice"),
        (("a", "b", "--by", "sharpe"), "has a metric 'sharpe'"),
    ],
)
def test_what_it_refuses(kept: Path, arguments: tuple[str, ...], why: str) -> None:
    refused = call_fxai(kept, "compare", *arguments)
    assert refused.code == 2
    assert why in refused.err
