"""The confirmation of a study's winner on fresh seeds."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import optuna
import pytest

from fxai.evaluation.racing import Departure
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.results.paths import StudyPaths
from fxai.results.report.write import report_of
from fxai.results.study_results import StudyResults
from fxai.results.training.plan import load_plan
from fxai.rl.agents.agent_file import load_agent
from fxai.search.confirmed import Confirmed
from fxai.spec.search.study import StudySpec
from fxai.study.events import Ending, Notice, StudyEnded, StudyEvent
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.write_results import RunStatus, StudyOutcome

pytestmark = pytest.mark.usefixtures("inline_workers")

TRAINING = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 32}


def spec(folder: Path, **changes: Any) -> StudySpec:
    return StudySpec.model_validate(
        {
            "study_name": "raced",
            "n_trials": 5,
            "seeds_per_trial": 2,
            "n_jobs": 1,
            "storage": f"sqlite:///{folder}/raced.db",
            "verdict": "off",
            "confirm": {"candidates": 3, "seeds": 9, "budget": 2.0},
            "parameters": [
                {"name": "training.learning_rate", "type": "float_log", "low": 1e-4, "high": 1e-2},
                {"name": "model.d_model", "type": "categorical", "choices": [8, 16]},
            ],
            "training_config": {"env": {"observation_window": 2}, "model": {"d_model": 8}, "training": TRAINING},
            **changes,
        }
    )


def run(folder: Path, stop_after: int | None = None, **changes: Any) -> StudyOutcome:
    """Run the study; `stop_after` requests a stop once this number of fresh trainings has ended."""
    signal = StopSignal()
    trainings = folder / "raced" / "confirmation" / "trainings.json"

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        last: StudyEvent | None = None
        for event in events:
            last = event
            if stop_after is not None and not signal.urgency and trainings.exists():
                done = len(json.loads(trainings.read_text())["trainings"])
                if done >= stop_after:
                    signal.request()
        assert isinstance(last, StudyEnded)
        return last

    return search_study(spec(folder, **changes), folder, watch, signal, plots=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyOutcome]:
    folder = tmp_path_factory.mktemp("raced")
    return folder, run(folder)


def confirmed_in(outcome: StudyOutcome) -> Confirmed:
    found = outcome.summary.confirmed
    assert found is not None
    return found


def test_fresh_values_choose_the_winner(finished: tuple[Path, StudyOutcome]) -> None:
    folder, outcome = finished
    found = confirmed_in(outcome)
    assert outcome.status is RunStatus.SUCCEEDED
    assert 3 <= len(found.candidates) <= 4  # the best three, and trial 0 if it is not among them
    assert 0 in {each.trial for each in found.candidates}
    stayed = [each for each in found.candidates if each.departure is None]
    assert found.trial == max(stayed, key=lambda each: each.value or -1.0).trial
    assert {each.departure for each in found.candidates} <= {None, *(each.value for each in Departure)}
    assert outcome.summary.best_trial == found.trial
    assert found.shrinkage is not None
    best = json.loads((folder / "raced" / "best_params.json").read_text())
    assert best["trial"] == found.trial
    assert best["confirmed"]["value"] == found.value


def test_fresh_seeds_are_not_those_of_the_search(finished: tuple[Path, StudyOutcome]) -> None:
    folder, outcome = finished
    found = confirmed_in(outcome)
    results = json.loads((folder / "raced" / "raced_results.json").read_text())
    assert not {trial["seed"] for trial in results["trials"]} & set(found.seeds)
    assert load_agent(folder / "raced" / "best_agent.safetensors").seeds == found.seeds


def test_the_error_of_the_winner_has_seeds_and_market(finished: tuple[Path, StudyOutcome]) -> None:
    found = confirmed_in(finished[1])
    assert found.seed_error is not None
    assert found.market_error is not None
    assert found.standard_error is not None
    assert found.standard_error >= max(found.seed_error, found.market_error) > 0


@pytest.mark.parametrize("stop_after", [1, 4])
def test_an_interrupted_confirmation_is_continued(
    finished: tuple[Path, StudyOutcome], tmp_path: Path, stop_after: int
) -> None:
    """The result is that of a run without interruption."""
    stopped = run(tmp_path, stop_after=stop_after)
    assert stopped.ended.ending is Ending.INTERRUPTED
    assert stopped.summary.confirmed is None
    before = json.loads((tmp_path / "raced" / "confirmation" / "trainings.json").read_text())["trainings"]
    continued = run(tmp_path)
    assert confirmed_in(continued) == confirmed_in(finished[1])
    after = json.loads((tmp_path / "raced" / "confirmation" / "trainings.json").read_text())["trainings"]
    assert after[: len(before)] == before


def test_a_damaged_file_of_returns_leaves_the_error_over_bars_out_with_a_warning(tmp_path: Path) -> None:
    run(tmp_path)
    found = sorted((tmp_path / "raced" / "confirmation").rglob("*returns*"))
    assert found
    for file in found:
        file.write_bytes(b"damaged")
    notices: list[Notice] = []

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        seen = list(events)
        notices.extend(event for event in seen if isinstance(event, Notice))
        assert isinstance(seen[-1], StudyEnded)
        return seen[-1]

    again = search_study(spec(tmp_path), tmp_path, watch, StopSignal(), plots=False)
    confirmed = confirmed_in(again)
    assert confirmed.market_error is None
    assert confirmed.standard_error == confirmed.seed_error
    (warned,) = [notice.message for notice in notices if notice.warns]
    assert "the error over seeds alone" in warned
    assert str(tmp_path) in warned


class PrunesTrial0(optuna.pruners.BasePruner):
    """Prunes trial 0 at its first report."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:  # noqa: ARG002 - Optuna's signature
        return trial.number == 0


def test_a_pruned_trial_0_can_be_chosen(tmp_path: Path) -> None:
    pruner = {"type": f"{__name__}.PrunesTrial0"}
    outcome = run(tmp_path, pruner=pruner, n_trials=3, seed=1, confirm={"budget": 9.0, "seeds": 4})
    found = confirmed_in(outcome)
    assert (found.trial, found.search_value, found.shrinkage) == (0, None, None)
    assert (outcome.summary.best_trial, outcome.summary.best_value) == (0, None)
    assert outcome.status is RunStatus.SUCCEEDED
    assert not outcome.warnings
    folder = tmp_path / "raced"
    best = json.loads((folder / "best_params.json").read_text())
    assert (best["trial"], best["value"], best["confirmed"]["value"]) == (0, None, found.value)
    assert load_agent(folder / "best_agent.safetensors").seeds == found.seeds
    assert load_plan(folder / "raced_best_config.yaml", {}).seeds == found.seeds
    results = StudyResults.stored(f"sqlite:///{tmp_path}/raced.db", "raced", tmp_path)
    assert results.best_value == found.value
    headline = report_of(results.study, StudyPaths(tmp_path, "raced")).headline
    assert "pruned in the search" in headline.comparison


def test_without_a_confirmation_the_best_value_wins(tmp_path: Path) -> None:
    outcome = run(tmp_path, confirm="off", n_trials=3)
    assert outcome.summary.confirmed is None
    assert not (tmp_path / "raced" / "confirmation").exists()


def test_a_study_with_folds_is_confirmed_over_its_folds(tmp_path: Path) -> None:
    split = {"walk_forward": {"folds": 2}}
    config = {"env": {"observation_window": 2}, "model": {"d_model": 8}, "training": TRAINING, "data": {"split": split}}
    outcome = run(tmp_path, training_config=config, n_trials=2, seeds_per_trial=1, confirm={"seeds": 6, "budget": 4.0})
    found = confirmed_in(outcome)
    assert found.market_error is not None
    folder = tmp_path / "raced" / "confirmation" / f"trial-{found.trial:05d}" / f"seed-{found.seeds[0]}"
    assert read_bar_returns(folder / "returns.safetensors").returns.shape[0] == 2
