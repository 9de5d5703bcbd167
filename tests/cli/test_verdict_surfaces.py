"""Every surface shows the verdict on the best trial, and none praises a trial that is not better."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cli.conftest import call_fxai
from cli.test_verdict_command import BARS, SPEC
from fxai.evaluation.verdict_word import VerdictWord
from fxai.market.reading.read_bars import load_bars
from fxai.results.study_results import StudyResults
from fxai.spec.fields.data_config import DataConfig

NAME = "shuffled"
PRAISE = re.compile(
    r"\b(winner|winning|wins|won|beats?|beaten|outperform\w*|gains?|improve[sd]|profitable|success\w*|excellent|better)\b",
    re.IGNORECASE,
)
NEUTRAL = (  # of the ranking of trials by their values, or negations
    r"would change the verdict to: better than the default and than doing nothing",
    r"no better than (doing nothing|the default)",
    r"[Nn]o trial (after trial \d+ )?is better",
    r"(may find|unlikely to find much) better values",
    r"may give a better agent",
    r"better trials are still found",
    r"the better half of the trials",
    r"a stronger colour is better",
    r"A line that still improves",
    r'"gain"',  # a key of JSON
    r"`gain`",  # a column of the observation
)
VALIDATION = "These figures are of the validation split, on which the best trial was chosen."
OPENING = re.compile(r'id="verdict".*?id="summary"', re.DOTALL)


def write_shuffled_bars(path: Path) -> None:
    """Bars of a market without an edge: the shipped ones in random order, chained."""
    bars = load_bars(DataConfig())
    order = np.random.default_rng(0).permutation(BARS)
    prices = {name: getattr(bars, name)[:BARS] for name in ("open", "high", "low", "close")}
    ratios = {name: (values / prices["open"])[order] for name, values in prices.items()}
    start = np.concatenate([[1.0], np.cumprod(ratios["close"])[:-1]])
    shuffled = {name: start * ratio for name, ratio in ratios.items()}
    pd.DataFrame({"time": bars.time[:BARS], **shuffled}).to_csv(path, index=False)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a study on a market without an edge, and the output of its run, which ends with a verdict."""
    folder = tmp_path_factory.mktemp("judged")
    write_shuffled_bars(folder / "bars.csv")
    spec = SPEC.replace("NAME", NAME).replace("FILE", "bars.csv")
    (folder / "plain.yaml").write_text(spec)
    (folder / "judged.yaml").write_text(spec.replace("verdict: off", "verdict: {seeds: 2}"))
    finished = call_fxai(folder, "run", "--spec", "judged.yaml")
    assert finished.code == 0, finished.err
    return folder, finished.out


def files(folder: Path) -> Path:
    return folder / "optuna_results" / NAME


def best_params(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((files(folder) / "best_params.json").read_text())
    return found


def visible(page: str) -> str:
    """The text of a page without scripts and styles."""
    return re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)


def surfaces(folder: Path, run: str) -> Mapping[str, str]:
    number = str(best_params(folder)["trial"])
    commands = {
        "best": ("best", NAME),
        "best in JSON": ("best", NAME, "--json"),
        "results": ("results", NAME),
        "results in JSON": ("results", NAME, "--json"),
        "status": ("status",),
        "status in JSON": ("status", "--json"),
        "show": ("show", NAME, number),
        "report": ("report", NAME),
        "export": ("export", NAME, "--output", "exported"),
    }
    printed = {name: call_fxai(folder, *command) for name, command in commands.items()}
    assert {name: each.err for name, each in printed.items() if each.code} == {}
    read = StudyResults.stored(f"sqlite:///{folder / 'optuna_studies.db'}", NAME, folder / "optuna_results")
    return {
        "run": run,
        **{name: each.out for name, each in printed.items()},
        "best_params.json": json.dumps(best_params(folder)),
        "report.html": visible((files(folder) / "report.html").read_text()),
        "index.html": visible((folder / "optuna_results" / "index.html").read_text()),
        "README of the export": (folder / "exported" / "README.md").read_text(),
        "repr": repr(read),
        "notebook": read._repr_html_(),
    }


def praise_in(text: str) -> str:
    """The first praise with the words around it; empty if there is none."""
    left = re.sub("|".join(NEUTRAL), "", text)
    found = PRAISE.search(left)
    return "" if found is None else left[max(0, found.start() - 60) : found.end() + 60]


def test_every_surface_shows_the_word_and_none_praises(judged: tuple[Path, str]) -> None:
    folder, run = judged
    note = best_params(folder)["verdict"]
    assert note["word"] != VerdictWord.BETTER
    shown = surfaces(folder, run)
    without = {"report", "export"}  # they print the files that they write
    assert {name for name, text in shown.items() if note["word"] not in text} == without
    assert {name: praise for name, text in shown.items() if (praise := praise_in(text))} == {}
    assert json.loads(shown["status in JSON"])[0]["verdict"] == note
    assert json.loads(shown["best in JSON"])["verdict"] == note
    assert json.loads(shown["results in JSON"])[0]["summary"]["verdict"] == note
    opening = OPENING.search(shown["report.html"])
    assert opening is not None
    assert f"Verdict on {note['bars']:,} bars: {note['word']}" in opening[0]
    assert f"Judged: the committee of trial {note['trial']}" in opening[0]
    assert run.rindex("Verdict on") > run.rindex("Best parameters:")
    assert VALIDATION not in run
    not_above_flat = note["word"] in {VerdictWord.WORSE, VerdictWord.NOT_ABOVE_FLAT}
    assert ("Train the best trial in full." in shown["report.html"]) != not_above_flat


def test_a_verdict_on_another_trial_is_not_the_one_of_the_study(judged: tuple[Path, str]) -> None:
    """As after a run that found another best trial."""
    folder, _ = judged
    path = files(folder) / "verdict.json"
    kept = path.read_text()
    document = json.loads(kept)
    word, best = document["verdict"]["word"], document["trial"]
    path.write_text(json.dumps({**document, "trial": best + 100}))
    try:
        run = call_fxai(folder, "run", "--spec", "plain.yaml", "--quiet").out
        shown = surfaces(folder, run)
        note = best_params(folder)["verdict"]
    finally:
        path.write_text(kept)
        assert call_fxai(folder, "run", "--spec", "plain.yaml", "--quiet").code == 0  # for the other tests
    earlier = f"The last verdict ({word}) is on trial {best + 100}. The best trial is trial {best} now"
    for name in ("run", "best", "results", "report.html", "README of the export"):
        assert earlier in shown[name], name
        assert VALIDATION in shown[name], name
    for name in ("run", "best", "results", "report.html"):
        assert f"fxai verdict {NAME}" in shown[name]
    for name in ("status", "show", "index.html", "repr", "notebook"):
        assert word not in shown[name], name
    assert note is None
    assert json.loads(shown["status in JSON"])[0]["verdict"] is None
    assert json.loads(shown["best in JSON"])["verdict"] is None
    assert json.loads(shown["results in JSON"])[0]["summary"]["verdict"] is None


def test_the_command_writes_the_verdict_into_the_pages(judged: tuple[Path, str]) -> None:
    folder, _ = judged
    (files(folder) / "verdict.json").unlink()
    assert call_fxai(folder, "report", NAME).code == 0
    assert "No verdict yet" in (files(folder) / "report.html").read_text()
    finished = call_fxai(folder, "verdict", NAME, "--seeds", "2")
    assert finished.code == 0, finished.err
    word = best_params(folder)["verdict"]["word"]
    for page in (files(folder) / "report.html", folder / "optuna_results" / "index.html"):
        assert word in page.read_text()
        assert str(page.relative_to(folder)) in finished.out
