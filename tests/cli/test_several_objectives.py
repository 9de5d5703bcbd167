"""A study of two objectives, from the command line to its files."""

import json
import re
from pathlib import Path

import optuna
import pytest
import yaml

from cli.conftest import call_fxai

CODE = """\
def train(trial):
    x, y = trial.params["x"], trial.params["y"]
    gain, risk = x * (1 - y), x + 3 * y
    for step in range(1, 6):
        if not trial.report(step, gain * step / 5, risk=risk):
            return None
    if trial.number == 2:
        return {"gain": gain}
    return gain, risk
"""
SPEC = """\
name: two
studies:
  - study_name: two
    objective: code:train
    objectives: [{metric: risk, direction: minimize}, {metric: gain}]
    metric_name: gain
    n_trials: 40
    n_jobs: 2
    keep_best_n: 1
    sampler: qmc
    pruner: {type: MedianPruner, n_startup_trials: 4, n_warmup_steps: 1}
    parameters:
      x: {type: float, low: 0, high: 1}
      y: {type: float, low: 0, high: 1}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    (folder / "code.py").write_text(CODE)
    (folder / "two.yaml").write_text(SPEC)
    finished = call_fxai(folder, "run", "--spec", "two.yaml", "--quiet")
    assert finished.code == 0, finished
    return folder


@pytest.fixture
def stored(ran: Path) -> optuna.Study:
    """As Optuna itself reads it."""
    return optuna.load_study(study_name="two", storage=f"sqlite:///{ran / 'optuna_studies.db'}")


def test_trials_are_pruned_by_the_chosen_metric(stored: optuna.Study) -> None:
    assert stored.metric_names == ["risk", "gain"]
    states = [trial.state.name for trial in stored.trials]
    assert "PRUNED" in states
    for trial in stored.trials:
        gain = trial.params["x"] * (1 - trial.params["y"])
        assert all(value == pytest.approx(gain * step / 5) for step, value in trial.intermediate_values.items())


def test_the_front_is_optunas(ran: Path, stored: optuna.Study) -> None:
    written = json.loads((ran / "optuna_results" / "two" / "pareto_front.json").read_text())
    assert {trial["number"] for trial in written["front"]} == {trial.number for trial in stored.best_trials}
    assert json.loads((ran / "optuna_results" / "two" / "best_params.json").read_text())["trial"] == written["knee"]
    config = yaml.safe_load((ran / "optuna_results" / "two" / "two_best_config.yaml").read_text())
    assert config["trial"] == written["knee"]


def test_a_trial_without_one_of_the_values_fails(stored: optuna.Study) -> None:
    assert stored.trials[2].state.name == "FAIL"
    assert "returned no risk, which the study optimizes" in stored.trials[2].user_attrs["fxai:message"]


def test_the_whole_front_keeps_what_it_saved(ran: Path, stored: optuna.Study) -> None:
    kept = {path.parent.name for path in (ran / "optuna_results" / "two" / "trials").glob("*/checkpoint")}
    assert kept == {f"{trial.number:05d}" for trial in stored.best_trials}


def test_commands_show_it(ran: Path, stored: optuna.Study) -> None:
    best = call_fxai(ran, "best", "two").out
    assert "Pareto front" in best
    assert "Knee  " in best
    least = min(stored.best_trials, key=lambda trial: trial.values[0])
    most = max(stored.best_trials, key=lambda trial: trial.values[1])
    for metric, trial in (("risk", least), ("gain", most)):
        told = json.loads(call_fxai(ran, "best", "two", "--pick", metric, "--json").out)
        assert told["best_trial"] == trial.number
        assert told["best_values"] == dict(zip(("risk", "gain"), trial.values, strict=True))
    results = call_fxai(ran, "results", "two").out
    assert "Pareto front, by gain" in results
    assert (
        "minimize risk, maximize gain; pruned by gain" in call_fxai(ran, "run", "--spec", "two.yaml", "--dry-run").out
    )


def test_its_plots_are_there(ran: Path) -> None:
    folder = ran / "optuna_results" / "two"
    assert '"name":"knee"' in (folder / "pareto_front.html").read_text()
    assert "form the Pareto front" in (folder / "report.html").read_text()
    for name in ("optimization_history", "param_importances", "slice_plot", "contour_plot", "intermediate_values"):
        page = (folder / f"{name}.html").read_text()
        assert "pareto_front.html" in page
        assert 'class="absent"' not in page, name


def test_it_is_resumed(ran: Path) -> None:
    finished = call_fxai(ran, "run", "--spec", "two.yaml", "--quiet", "--n-trials", "44")
    assert finished.code == 0, finished
    assert "│ Total trials     │ 44" in finished.out
    changed = (ran / "two.yaml").read_text().replace("{metric: gain}", "{metric: gain, direction: minimize}")
    (ran / "other.yaml").write_text(changed)
    refused = call_fxai(ran, "run", "--spec", "other.yaml", "--quiet")
    assert refused.code == 2
    assert "objectives" in refused.err


def test_trials_are_ranked_and_plotted_by_any_metric(ran: Path, stored: optuna.Study) -> None:
    out = call_fxai(ran, "results", "two", "--by", "risk:minimize").out
    complete = [trial for trial in stored.trials if trial.state.name == "COMPLETE"]
    least = min(complete, key=lambda trial: trial.user_attrs["risk"])
    assert "Leading trials by risk (minimize):" in out
    assert re.search(rf"│ {least.number} +│ {least.user_attrs['risk']:.4g}", out)
    drawn = call_fxai(ran, "plot", "two", "--by", "risk:minimize").out.split()
    assert str(Path("optuna_results/two/by_risk/optimization_history.html")) in drawn
    assert "minimize risk" in (ran / "optuna_results" / "two" / "by_risk" / "slice_plot.html").read_text()
    refused = call_fxai(ran, "plot", "two", "--by", "rixk")
    assert refused.code == 2
    assert "has a metric 'rixk'; did you mean 'risk'?" in refused.err


def test_it_is_analysed_by_the_metric_that_prunes(ran: Path, stored: optuna.Study) -> None:
    told = json.loads(call_fxai(ran, "analysis", "two", "--json").out)
    assert (told["metric"], told["direction"]) == ("gain", "maximize")
    assert told["best_trial"]["number"] == json.loads(call_fxai(ran, "best", "two", "--json").out)["best_trial"]
    front = {trial.number for trial in stored.best_trials}
    assert told["front"] == len(front)
    assert {trial["number"] for trial in told["top_k_trials"]} <= front
    least = min(stored.best_trials, key=lambda trial: trial.values[0])
    by_risk = json.loads(call_fxai(ran, "analysis", "two", "--by", "risk:minimize", "--json").out)
    assert by_risk["best_trial"]["number"] == least.number
