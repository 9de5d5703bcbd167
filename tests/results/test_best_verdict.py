"""The verdict on a study's best trial as all surfaces read it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.test_verdict import committee, judge
from fxai.evaluation.selection import Selection
from fxai.evaluation.verdict_word import VerdictWord
from fxai.results.best_verdict import BestVerdict
from fxai.results.files import add_verdict
from fxai.results.paths import StudyPaths
from fxai.results.study_verdict import StudyVerdict, read_study_verdict
from fxai.results.summary import StudySummary
from fxai.search.study_traits import StudyTraits

BETTER = judge(committee(0.001, seed=0), committee(0.0, seed=1))
WORSE = judge(committee(-0.001, seed=0), committee(0.003, seed=1))
TRAITS = StudyTraits("key", trading=True, may_be_judged=True, doing_nothing=0.0)
OF_VALIDATION = (
    "These figures are of the validation split, on which the best trial was chosen. The search used nothing of the "
    "test split."
)
FOUND = StudyVerdict(
    study="s",
    study_key="key",
    trial=3,
    default=0,
    seeds=(1, 2),
    data="bars.csv",
    data_hash="hash",
    split="test",
    first="2017-01-02T00:00:00Z",
    last="2017-02-02T00:00:00Z",
    judged="2026-01-01T00:00:00+00:00",
    verdict=BETTER,
    selection=Selection(9, 8, 0, 0, None, None, None, None, None, ()),
)


def known(folder: Path, best: int | None = 3, traits: StudyTraits = TRAITS) -> BestVerdict:
    return BestVerdict.of("s", traits, best, folder)


def written(folder: Path, **changes: Any) -> Path:
    path = StudyPaths(folder, "s").verdict
    path.parent.mkdir(exist_ok=True)
    replace(FOUND, **changes).write(path)
    return path


def test_it_is_the_verdict_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = known(tmp_path)
    assert found.as_json() == {
        "word": "better than the default and than doing nothing",
        "trial": 3,
        "bars": 1000,
        "data": "bars.csv",
        "split": "test",
        "first": "2017-01-02T00:00:00Z",
        "last": "2017-02-02T00:00:00Z",
        "judged": "2026-01-01T00:00:00+00:00",
    }
    assert read_study_verdict(path) == FOUND
    assert found.sentences()[0] == found.headline == f"Verdict on 1,000 bars: {VerdictWord.BETTER}"
    assert not found.is_missing


@pytest.mark.parametrize(("verdict", "noun"), [(BETTER, "winner"), (WORSE, "best trial")])
def test_only_a_verdict_of_better_makes_a_winner(tmp_path: Path, verdict: Any, noun: str) -> None:
    assert known(tmp_path).noun == "best trial"
    written(tmp_path, verdict=verdict)
    assert known(tmp_path).noun == noun
    assert known(tmp_path, best=4).noun == "best trial"
    assert any(noun in line for line in known(tmp_path).sentences())


def test_a_verdict_on_another_trial_is_named_as_such(tmp_path: Path) -> None:
    written(tmp_path)
    found = known(tmp_path, best=7)
    assert found.as_json() is None
    assert found.headline == ""
    assert found.is_missing
    earlier, of_validation = found.sentences()
    assert earlier == (
        "The last verdict (better than the default and than doing nothing) is on trial 3. The best trial is trial 7 "
        "now, and no verdict is on it."
    )
    assert of_validation == OF_VALIDATION


def test_a_verdict_of_another_study_of_the_name_is_none(tmp_path: Path) -> None:
    written(tmp_path, study_key="another")
    assert known(tmp_path) == known(tmp_path / "empty")
    assert known(tmp_path).sentences() == (OF_VALIDATION,)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"study_key": "key"}', '{"study_key": "key", "verdict": 1}'])
def test_a_file_that_is_no_verdict_is_named(tmp_path: Path, text: str) -> None:
    written(tmp_path).write_text(text)
    found = known(tmp_path)
    assert found.current is None
    (only,) = found.sentences()
    assert "verdict.json cannot be read as a verdict" in only


def test_without_a_verdict_it_says_what_the_figures_are(tmp_path: Path) -> None:
    assert known(tmp_path, best=None).sentences() == ()
    assert known(tmp_path, traits=StudyTraits("key")).sentences() == ()  # custom code
    several = known(tmp_path, traits=replace(TRAITS, may_be_judged=False))
    assert several.sentences() == ("These figures are of the validation split, on which the best trial was chosen.",)
    assert not several.is_missing


@pytest.mark.parametrize("best", [3, 4])
def test_the_best_parameters_hold_the_verdict_on_their_trial(tmp_path: Path, best: int) -> None:
    written(tmp_path)
    path = StudyPaths(tmp_path, "s").best_params
    path.write_text(json.dumps({"trial": best, "verdict": None}))
    add_verdict(StudyPaths(tmp_path, "s"), known(tmp_path))
    found = json.loads(path.read_text())
    assert found["verdict"] == (known(tmp_path).as_json() if best == FOUND.trial else None)


@pytest.mark.parametrize(
    ("direction", "metric", "value", "said"),
    [
        ("maximize", "mean_reward", 0.1, ""),
        ("maximize", "mean_reward", 0.0, "Doing nothing has mean_reward 0, and the best trial has no more."),
        ("maximize", "total_return", -0.1, "Doing nothing has total_return 0 %, and the best trial has no more."),
        ("minimize", "val_loss", -0.1, ""),
        ("minimize", "val_loss", 0.1, "Doing nothing has val_loss 0, and the best trial has no less."),
    ],
)
def test_a_best_value_beside_doing_nothing(direction: str, metric: str, value: float, said: str) -> None:
    summary = StudySummary("s", direction, metric, 1, 0, 0, 0, best_trial=0, best_value=value, traits=TRAITS)
    assert summary.beside_doing_nothing == said
