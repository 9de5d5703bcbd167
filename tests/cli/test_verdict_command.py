"""`fxai verdict`: committees of the winner and the default on bars that the search did not use."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.conftest import call_fxai
from fxai.evaluation.neighbourhood_words import neighbourhood_sentences
from fxai.market.reading.read_bars import load_bars
from fxai.results.study_verdict import read_study_verdict
from fxai.results.track_files import is_of
from fxai.results.training.best_config import load_best_config
from fxai.rl.agents.agent_file import load_agent
from fxai.spec.fields.data_config import DataConfig

pytestmark = pytest.mark.usefixtures("inline_workers")

SPEC = """\
name: judged
save_study_plots: false
studies:
  - study_name: NAME
    n_trials: 3
    n_jobs: 1
    verdict: off
    confirm: {candidates: 2, seeds: 6, budget: 2.0}
    parameters:
      - {name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}
    training_config:
      data: {source: FILE, split: {train: 0.6, validation: 0.2}}
      env: {observation_window: 2}
      model: {d_model: 8, n_layers: 1}
      training: {total_updates: 2, eval_frequency: 1, n_envs: 4, rollout_steps: 16}
"""
BARS = 1200


def write_bars(path: Path, changed_from: int = BARS) -> None:
    """The first shipped bars; from a bar on with other finite prices."""
    bars = load_bars(DataConfig())
    prices = {name: getattr(bars, name)[:BARS].copy() for name in ("open", "high", "low", "close")}
    for values in prices.values():
        values[changed_from:] = values[changed_from:] ** 2 * 0.9
    pd.DataFrame({"time": bars.time[:BARS], **prices}).to_csv(path, index=False)


def run(folder: Path, name: str = "judged", source: str = "bars.csv") -> None:
    (folder / f"{name}.yaml").write_text(SPEC.replace("NAME", name).replace("FILE", source))
    finished = call_fxai(folder, "run", "--spec", f"{name}.yaml", "--quiet")
    assert finished.code == 0, finished.err


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working folder with bars."""
    write_bars(tmp_path / "bars.csv")
    return tmp_path


def test_a_winner_is_judged_on_the_test_split(place: Path) -> None:
    run(place)
    folder = place / "optuna_results" / "judged"
    agent = folder / "best_agent.safetensors"
    best = json.loads((folder / "best_params.json").read_text())
    assert load_agent(agent).seeds == tuple(best["confirmed"]["seeds"])
    finished = call_fxai(place, "verdict", "judged", "--seeds", "3")
    assert finished.code == 0, finished.err
    found = read_study_verdict(folder / "verdict.json")
    assert found is not None
    assert f"Verdict on {found.verdict.bars:,} bars: {found.verdict.word}" in finished.out
    assert found.split == "test"
    assert len(set(found.seeds)) == 3
    assert load_agent(agent).seeds == load_best_config(folder / "judged_best_config.yaml").trained_seeds == found.seeds
    assert is_of(agent, folder / "best_agent_validation.json")
    assert f"  {agent.relative_to(place)}\n" in finished.out
    assert found.trial == best["trial"]
    assert not set(best["confirmed"]["seeds"]) & set(found.seeds)

    report = call_fxai(place, "report", "judged")
    assert not report.err
    page = (folder / "report.html").read_text()
    assert f"Verdict on {found.verdict.bars:,} bars: {found.verdict.word}" in page
    assert found.neighbourhood is not None
    assert found.neighbourhood.scored == 2  # with one parameter: above and below
    for sentence in neighbourhood_sentences(found.neighbourhood, found.trial):
        assert sentence in finished.out
        assert sentence.partition(",")[0] in page  # numbers have characters that do not break
    assert "Moved to" in page
    assert "(PSR, with the error of the bars alone)" in page
    raced = len(best["confirmed"]["candidates"])
    assert f"Trial {found.trial} is the best of {raced} candidates on" in page

    again = call_fxai(place, "verdict", "judged", "--seeds", "3", "--json")
    assert not again.err
    assert json.loads(again.out)["verdict"]["settings"]["looks"] == 1  # the same look
    assert json.loads(again.out) == json.loads((folder / "verdict.json").read_text())

    run(place, "another")
    other = call_fxai(place, "verdict", "another", "--seeds", "2", "--data", "bars.csv", "--json")
    assert not other.err
    assert json.loads(other.out)["split"] == "test"  # of the data of the training
    assert json.loads(other.out)["verdict"]["settings"]["looks"] == 2  # of two studies at the same bars
    judged_agent = (place / "optuna_results" / "another" / "best_agent.safetensors").read_bytes()
    write_bars(place / "other.csv", changed_from=0)
    elsewhere = call_fxai(place, "verdict", "another", "--seeds", "3", "--data", "other.csv", "--json")
    assert not elsewhere.err
    assert json.loads(elsewhere.out)["verdict"]["settings"]["looks"] == 1
    assert json.loads(elsewhere.out)["split"] == "all"
    kept = read_study_verdict(place / "optuna_results" / "another" / "verdict.json")
    assert kept is not None
    assert kept.split == "test"
    assert (place / "optuna_results" / "another" / "verdict_other.json").exists()
    assert (place / "optuna_results" / "another" / "best_agent.safetensors").read_bytes() == judged_agent


def test_search_and_confirmation_do_not_read_the_test_bars(place: Path) -> None:
    """With other prices in the test split all values and weights are the same to the bit, those of neighbours too."""
    write_bars(place / "changed.csv", changed_from=int(0.8 * BARS))
    for name, source in (("first", "bars.csv"), ("second", "changed.csv")):
        run(place, name, source)
        assert call_fxai(place, "verdict", name, "--seeds", "2").code == 0
    folders = [place / "optuna_results" / name for name in ("first", "second")]
    results = [json.loads(next(folder.glob("*_results.json")).read_text()) for folder in folders]
    values = [[(trial["params"], trial["value"], trial["reports"]) for trial in each["trials"]] for each in results]
    assert values[0] == values[1]
    best = [json.loads((folder / "best_params.json").read_text()) for folder in folders]
    assert best[0]["confirmed"] == best[1]["confirmed"]
    judged = [json.loads((folder / "verdict.json").read_text()) for folder in folders]
    assert judged[0]["neighbourhood"] == judged[1]["neighbourhood"]
    assert judged[0]["verdict"] != judged[1]["verdict"]
    agents = [load_agent(folder / "best_agent.safetensors") for folder in folders]
    assert np.array_equal(agents[0].weights, agents[1].weights)
    assert agents[0].data_hash != agents[1].data_hash


def test_a_run_leaves_the_agent_that_it_judged(place: Path) -> None:
    """Its best config trains the same agent again, and a run without new trials leaves it as it is."""
    spec = SPEC.replace("NAME", "judged").replace("FILE", "bars.csv")
    (place / "judged.yaml").write_text(spec.replace("verdict: off", "verdict: {seeds: 2}"))
    finished = call_fxai(place, "run", "--spec", "judged.yaml")
    assert finished.code == 0, finished.err
    folder = place / "optuna_results" / "judged"
    found = read_study_verdict(folder / "verdict.json")
    assert found is not None
    assert "The agent is the committee of the 2 fresh seeds of the verdict." in finished.out
    agent = (folder / "best_agent.safetensors").read_bytes()
    assert load_agent(folder / "best_agent.safetensors").seeds == found.seeds
    trained = call_fxai(place, "train", str(folder / "judged_best_config.yaml"), "--output", "again")
    assert trained.code == 0, trained.err
    assert (place / "again" / "agent.safetensors").read_bytes() == agent
    assert call_fxai(place, "run", "--spec", "judged.yaml", "--quiet").code == 0
    assert (folder / "best_agent.safetensors").read_bytes() == agent
    again = call_fxai(place, "verdict", "judged", "--json")
    assert json.loads(again.out)["seeds"] == list(found.seeds)


def test_the_selection_is_described_beside_the_verdict(place: Path) -> None:
    """A study in folds with pruned trials: complete trials give the figures, all trials are counted."""
    spec = SPEC.replace("NAME", "judged").replace("FILE", "bars.csv").replace("n_trials: 3", "n_trials: 8")
    settings = "confirm: off\n    verdict: {seeds: 2}\n    validation: {walk_forward: {folds: 2}}\n    "
    pruner = "max_concurrent_trials: 1\n    pruner: {type: MedianPruner, n_startup_trials: 2, n_warmup_steps: 0}\n    "
    both = "verdict: off\n    confirm: {candidates: 2, seeds: 6, budget: 2.0}\n    "
    (place / "judged.yaml").write_text(spec.replace(both, settings + pruner))
    finished = call_fxai(place, "run", "--spec", "judged.yaml", "--quiet")
    assert finished.code == 0, finished.err
    folder = place / "optuna_results" / "judged"
    found = read_study_verdict(folder / "verdict.json")
    assert found is not None
    trials = json.loads(next(folder.glob("*_results.json")).read_text())["trials"]
    complete = [trial["number"] for trial in trials if trial["state"] == "complete"]
    selection = found.selection
    assert 2 <= len(complete) < len(trials) == 8
    assert (selection.tried, selection.complete, selection.used) == (8, len(complete), len(complete))
    assert selection.effective_trials is not None
    assert 1 <= selection.effective_trials <= len(complete)
    assert selection.efficiency is not None
    assert len(selection.efficiency.folds) == 2
    assert call_fxai(place, "report", "judged").code == 0
    page = (folder / "report.html").read_text()
    assert "they decide nothing" in page
    assert "Effective number of trials" in page

    for number in complete:
        (folder / "trials" / f"{number:05d}" / "returns.safetensors").unlink()
    again = call_fxai(place, "verdict", "judged", "--json")  # as many seeds as the spec has
    assert json.loads(again.out)["seeds"] == list(found.seeds)
    described = json.loads(again.out)["selection"]
    assert (described["complete"], described["used"], described["overfitting"]) == (len(complete), 0, None)
    assert any("2 complete trials with returns; there are 0" in each["reason"] for each in described["missing"])


def test_files_that_are_missing_changed_or_damaged(place: Path) -> None:
    run(place)
    folder = place / "optuna_results" / "judged"
    call = ("verdict", "judged", "--seeds", "2")
    assert call_fxai(place, *call).code == 0
    agent = min(folder.glob("verdict/*/*/agent.safetensors"))
    whole = agent.read_bytes()
    agent.write_bytes(whole[:-9])
    again = call_fxai(place, *call)
    assert (again.code, again.err) == (0, "")
    assert "Training 1 agent of" in again.out
    assert agent.read_bytes() == whole
    (folder / "spec.yaml").rename(folder / "moved.yaml")
    without = call_fxai(place, *call)
    assert (without.code, "spec.yaml is missing, and trials train by it" in without.err) == (2, True)
    (folder / "moved.yaml").rename(folder / "spec.yaml")
    write_bars(place / "bars.csv", changed_from=10)
    changed = call_fxai(place, *call)
    assert (changed.code, "bars.csv has changed since the study judged began" in changed.err) == (2, True)
    (place / "bars.csv").unlink()
    gone = call_fxai(place, *call)
    assert (gone.code, "no data set and no file" in gone.err) == (2, True)


def test_a_required_verdict_needs_one(place: Path) -> None:
    (place / "judged.yaml").write_text(SPEC.replace("NAME", "judged").replace("FILE", "bars.csv"))
    finished = call_fxai(place, "run", "--spec", "judged.yaml", "--require", "better")
    assert finished.code == 2
    assert "judged has verdict: off" in finished.err
    assert "the only value is better" in call_fxai(place, "run", "--spec", "judged.yaml", "--require", "best").err


def test_a_study_of_custom_code_is_refused(place: Path) -> None:
    (place / "mine.py").write_text("def train(trial):\n    return 1.0\n")
    (place / "mine.yaml").write_text(
        "name: mine\nstudies:\n  - study_name: mine\n    objective: mine:train\n    n_trials: 1\n"
        "    parameters: [{name: x, type: float, low: 0, high: 1}]\n"
    )
    assert call_fxai(place, "run", "--spec", "mine.yaml", "--quiet").code == 0
    finished = call_fxai(place, "verdict", "mine")
    assert finished.code == 2
    assert "a verdict applies to fx_trading and llm_signal only" in finished.err
