"""The configurations around a winner that a verdict trains."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from fxai.errors import InputError
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.protocol import StudyIdentity
from fxai.results.paths import StudyPaths
from fxai.results.study_verdict import read_study_verdict
from fxai.spec.search.study import StudySpec
from fxai.study.committees import Committees, JudgedStudy
from fxai.study.events import Ending, StudyEnded, StudyEvent
from fxai.study.neighbours import neighbours_of
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.write_results import StudyOutcome

pytestmark = pytest.mark.usefixtures("inline_workers")

TRAINING = {"total_updates": 2, "eval_frequency": 1, "n_envs": 4, "rollout_steps": 16}
RATE = {"name": "training.learning_rate", "type": "float_log", "low": 1e-4, "high": 1e-2}
GAMMA = {"name": "training.gamma", "type": "float", "low": 0.9, "high": 0.99}
EPOCHS = {"name": "training.n_epochs", "type": "int", "low": 1, "high": 3}
BATCH = {"name": "training.batch_size", "type": "int", "low": 16, "high": 64}
WIDTH = {"name": "model.d_model", "type": "categorical", "choices": [8, 16]}
WINNER = {"training.learning_rate": 1e-3, "training.gamma": 0.95, "training.n_epochs": 2, "model.d_model": 8}


def spec(folder: Path = Path(), **changes: Any) -> StudySpec:
    return StudySpec.model_validate(
        {
            "study_name": "near",
            "n_trials": 3,
            "n_jobs": 1,
            "resources": {"lanes_per_worker": 2},
            "storage": f"sqlite:///{folder}/near.db",
            "confirm": "off",
            "verdict": {"seeds": 2, "neighbours": 4},
            "parameters": [RATE, GAMMA, EPOCHS, WIDTH],
            "training_config": {"env": {"observation_window": 2}, "model": {"d_model": 8}, "training": TRAINING},
            **changes,
        }
    )


def run(folder: Path, stop_after: int | None = None, **changes: Any) -> StudyOutcome:
    """Run the study; `stop_after` requests a stop once this number of the verdict's trainings has ended."""
    signal = StopSignal()
    trainings = folder / "near" / "verdict" / "trainings.json"

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        last: StudyEvent | None = None
        for event in events:
            last = event
            if stop_after is not None and not signal.urgency and trainings.exists() and ended(folder) >= stop_after:
                signal.request()
        assert isinstance(last, StudyEnded)
        return last

    return search_study(spec(folder, **changes), folder, watch, signal, plots=False)


def ended(folder: Path) -> int:
    return len(json.loads((folder / "near" / "verdict" / "trainings.json").read_text())["trainings"])


def neighbourhood_in(folder: Path) -> Neighbourhood:
    found = read_study_verdict(folder / "near" / "verdict.json")
    assert found is not None
    assert found.neighbourhood is not None
    return found.neighbourhood


def test_configurations_and_seeds_are_used_evenly() -> None:
    found = neighbours_of(spec(), 7, WINNER, seeds=range(8), count=8)
    assert len(found.configurations) == 8
    assert sorted(seed for _, seed in found.trainings) == list(range(8))
    assert found.near == dict.fromkeys(found.configurations, 7)
    few = neighbours_of(spec(parameters=[RATE]), 7, {"training.learning_rate": 1e-3}, seeds=range(2), count=8)
    assert len(few.configurations) == 2
    assert len(set(few.trainings)) == len(few.trainings) == 4  # each of two configurations on each of two seeds
    assert neighbours_of(spec(), 7, WINNER, seeds=range(8), count=0).trainings == ()


def test_a_configuration_keeps_its_number_among_others() -> None:
    """So a training is used for the configuration that it was made for alone."""
    few, many = (neighbours_of(spec(), 7, WINNER, seeds=range(8), count=count) for count in (4, 8))
    shared = few.configurations.keys() & many.configurations.keys()
    assert all(few.params[number] == many.params[number] for number in shared)
    moved = neighbours_of(spec(), 7, {**WINNER, "training.gamma": 0.94}, seeds=range(8), count=8)
    assert not moved.configurations.keys() & many.configurations.keys()


def test_invalid_configurations_and_those_that_break_a_constraint_are_left_out() -> None:
    winner = {"training.batch_size": 62, "training.gamma": 0.95}  # a rollout has 64 steps
    study = spec(parameters=[BATCH, GAMMA], constraints=["training.gamma <= 0.95"])
    found = neighbours_of(study, 1, winner, seeds=range(8), count=8)
    assert found.params
    assert all(float(each["training.gamma"] or 0) < 0.95 for each in found.params.values())


def test_a_neighbourhood_is_part_of_the_verdict_and_continues(tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    for folder in (whole, halves):
        folder.mkdir()
    outcome = run(whole)
    found = neighbourhood_in(whole)
    assert (found.scored, found.seeds, found.metric) == (4, 2, "mean_reward")
    assert found.standard_error is not None
    assert {each.parameter for each in found.slopes} == {RATE["name"], GAMMA["name"], EPOCHS["name"]}
    assert not list((whole / "near" / "verdict").glob("trial-??????????/*/agent*"))
    done = ended(whole)

    stopped = run(halves, stop_after=done - 2)
    assert stopped.ended.ending is Ending.INTERRUPTED
    assert stopped.judged is None
    assert ended(halves) < done
    run(halves)
    assert neighbourhood_in(halves) == found

    again = run(whole)
    assert ended(whole) == done
    assert again.judged is not None
    assert outcome.judged is not None
    assert again.judged.verdict == outcome.judged.verdict


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"parameters": [WIDTH]}, "no numeric parameter can be moved"), ({"verdict": {"seeds": 2, "neighbours": 0}}, "")],
)
def test_a_verdict_without_a_neighbourhood(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    outcome = run(tmp_path, n_trials=2, **changes)
    assert outcome.judged is not None
    assert outcome.judged.neighbourhood is None
    missing = [each.reason for each in outcome.judged.verdict.missing if "near trial" in each.figures]
    assert missing == ([reason] if reason else [])


def test_missing_trainings_are_the_reason(tmp_path: Path) -> None:
    judged = JudgedStudy(spec(tmp_path), StudyIdentity(), 0, {0: WINNER})
    with pytest.raises(InputError, match="no value on some of its fresh seeds"):
        Committees(judged, StudyPaths(tmp_path, "near"), 2, 4).neighbourhood()
