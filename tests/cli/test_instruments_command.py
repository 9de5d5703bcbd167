"""A search on several instruments from its spec to verdict and report."""

import json
from pathlib import Path

import numpy as np
import pytest

from cli.conftest import call_fxai
from fxai.protocol import TrialPaths
from fxai.results.instrument_values import instrument_values
from fxai.results.paths import StudyPaths
from fxai.results.study_verdict import read_study_verdict
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.evaluation_window import instrument_windows
from fxai.rl.agents.trajectory import trajectory_of
from fxai.search.studies import load_study
from instrument_bars import LENGTHS, write_instruments

pytestmark = pytest.mark.usefixtures("inline_workers")

SPEC = """\
name: several
save_study_plots: false
studies:
  - study_name: several
    metric_name: total_return
    n_trials: 3
    n_jobs: 1
    seeds_per_trial: 2
    confirm: {candidates: 2, seeds: 6, budget: 2.0}
    verdict: {seeds: 3, neighbours: 0}
    parameters:
      - {name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}
    training_config:
      data: {source: bars, instruments: all, features: {volatility_windows: [24]}}
      env: {max_episode_steps: 64, observation_window: 2, costs: {JPY: {spread: 0.001}}}
      model: {d_model: 8, n_layers: 1}
      training: {total_updates: 2, eval_frequency: 1, n_envs: 4, rollout_steps: 16}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, inline_workers: None) -> Path:
    """A folder with a study of three instruments that has a verdict."""
    folder = tmp_path_factory.mktemp("several")
    write_instruments(folder / "bars")
    (folder / "several.yaml").write_text(SPEC)
    assert call_fxai(folder, "check", "several.yaml").code == 0
    finished = call_fxai(folder, "run", "several.yaml", "--quiet")
    assert finished.code == 0, finished.err
    return folder


def paths_of(place: Path) -> StudyPaths:
    return StudyPaths(place / "optuna_results", "several")


def test_the_verdict_is_on_the_equal_weight_portfolio(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    paths = paths_of(place)
    found = read_study_verdict(paths.verdict)
    assert found is not None
    assert found.data == "the equal-weight portfolio of AUD, EUR and JPY"
    agent = load_agent(paths.best_agent)
    assert agent.seeds == found.seeds
    assert found.data_hash == agent.data_hash
    earned: dict[str, float] = {}
    for each, (of_one, window) in zip(found.instruments, instrument_windows(agent, "test").values(), strict=True):
        path = trajectory_of(of_one, window.market, window.span)
        returns = path.steps["step_return"]
        assert each.bars == len(returns)
        assert each.agent.mean_return == pytest.approx(returns.mean())
        assert each.agent.mean_return - each.default.mean_return == pytest.approx(each.to_default)
        for date, amount in zip(np.datetime_as_string(window.market.time[path.bar]), returns, strict=True):
            earned[date] = earned.get(date, 0.0) + amount / len(LENGTHS)
    assert [each.name for each in found.instruments] == list(LENGTHS)
    assert found.verdict.bars == len(earned)
    assert found.verdict.to_flat.value == pytest.approx(np.mean(list(earned.values())))
    assert found.first[:13] == min(earned)[:13]


def test_results_show_each_instrument(place: Path) -> None:
    study = load_study(f"sqlite:///{place}/optuna_studies.db", "several")
    shown = call_fxai(place, "results", "several").out
    for trial in study.trials:
        values = instrument_values(TrialPaths.of(paths_of(place).trials, trial.number).returns, "total_return")
        assert np.mean([each.metrics["total_return"] for each in values]) == pytest.approx(trial.value, rel=1e-5)
    assert "on the validation split of each instrument:" in shown
    assert all(f"│ {name} " in shown for name in LENGTHS)
    (document,) = json.loads(call_fxai(place, "results", "several", "--json").out)
    assert [each["name"] for each in document["instruments"]] == list(LENGTHS)


def test_the_report_shows_each_instrument(place: Path) -> None:
    assert call_fxai(place, "report", "several").code == 0
    page = paths_of(place).report.read_text()
    assert "Each instrument, which describes and decides nothing." in page
    assert "on the validation split of each instrument, after costs" in page
    assert page.count(">JPY<") == 2
    assert "the thick one is that of the equal-weight portfolio" in page
    assert all(f'"name":"{name}"' in page for name in (*LENGTHS, "portfolio"))


def test_a_verdict_again_shows_each_instrument(place: Path) -> None:
    again = call_fxai(place, "verdict", "several")
    assert again.code == 0, again.err
    assert "Each instrument, which describes and decides nothing:" in again.out
    assert "mean difference per bar" in again.out


def test_a_verdict_on_other_data_is_refused(place: Path) -> None:
    refused = call_fxai(place, "verdict", "several", "--data", "bars/EUR.csv")
    assert refused.code == 2
    assert "a verdict on other data judges agents of one instrument; leave out --data" in refused.err


def test_best_and_status_name_the_verdict(place: Path) -> None:
    found = read_study_verdict(paths_of(place).verdict)
    assert found is not None
    assert f"Verdict on {found.verdict.bars:,} bars: {found.verdict.word}" in call_fxai(place, "best", "several").out
    assert "several" in call_fxai(place, "status").out
