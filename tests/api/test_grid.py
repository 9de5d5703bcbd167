"""How many trials a grid of a Python call has, and what its first lines say."""

import contextlib
import logging
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from optuna.samplers import GridSampler

from api.conftest import ONLY_SEARCH
from api.test_ray_objects import ray_object
from api.valley import Sum
from fxai import HPOConfig, HPOptimizer, MinimalTuner, StudyResults
from fxai.errors import InputError

A, B = [1, 2, 3], ["u", "v", "w", "z"]
GRID = {"a": {"grid_search": A}, "b": {"grid_search": B}}
FINITE = {"a": {"type": "randint", "low": 1, "high": 3}, "b": {"type": "choice", "values": B}}
POINTS = {*product(A, B)}


class Place:
    """A folder in which searches run."""

    def __init__(self, folder: Path) -> None:
        self.optimizer = HPOptimizer(Sum(), storage=f"sqlite:///{folder / 's.db'}", results_dir=folder, plots=False)

    def optimize(self, space: dict[str, Any], **given: Any) -> StudyResults:
        return self.optimizer.optimize(param_space=space, metric="loss", mode="min", n_jobs=1, **given)


@pytest.fixture
def place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Place]:
    caplog.set_level(logging.INFO, "HPOptimizer")
    with contextlib.chdir(tmp_path):
        yield Place(tmp_path)


def points_of(results: StudyResults) -> list[tuple[Any, ...]]:
    return [(trial.params["a"], trial.params["b"]) for trial in results.record.trials]


@pytest.mark.parametrize(
    ("space", "algorithm"),
    [
        (GRID, None),
        (GRID, ray_object("BasicVariantGenerator")),
        (GRID, ray_object("ConcurrencyLimiter", searcher=ray_object("BasicVariantGenerator"), max_concurrent=2)),
        (FINITE, "grid"),
        (FINITE, {"type": "GridSampler"}),
        (FINITE, "brute_force"),
        ({**FINITE, "a": {"type": "uniform", "low": 0, "high": 9}}, GridSampler({"a": A, "b": B}, seed=1)),
        (FINITE, ray_object("OptunaSearch", sampler=GridSampler({"a": A, "b": B}, seed=1))),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_a_grid_without_a_number_is_tried_whole(
    place: Place, caplog: pytest.LogCaptureFixture, space: dict[str, Any], algorithm: Any
) -> None:
    results = place.optimize(space, search_algorithm=algorithm)
    assert sorted(points_of(results)) == sorted(POINTS)
    assert caplog.messages[0] == "The grid has 12 points; each point is tried once"
    assert place.optimize(space, search_algorithm=algorithm).name == results.name


def test_a_smaller_number_is_used_and_the_log_counts_omitted_points(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    results = place.optimize(GRID, num_trials=4)
    assert len({*points_of(results)}) == len(points_of(results)) == 4
    assert caplog.messages[0] == (
        "num_trials=4 tries 4 of the grid's 12 points. Leave num_trials out to try each point once"
    )
    caplog.clear()
    whole = place.optimize(GRID, study_name=results.name)
    assert len(points_of(whole)) == 12
    assert {*points_of(whole)} == POINTS
    assert "n_trials: 4 -> 12" in caplog.messages[0]
    assert caplog.messages[1] == "The grid has 12 points; each point is tried once"


def test_a_larger_number_repeats_no_point(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    assert len(points_of(place.optimize(GRID, num_trials=20))) == 12
    assert caplog.messages[0] == "The grid has 12 points; each point is tried once; num_trials=20 adds no trials"


def test_a_grid_search_beside_ranges_is_proposed_as_choices(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    space = {"a": {"type": "uniform", "low": 0, "high": 1}, "b": {"grid_search": B}}
    assert len(place.optimize(space).record.trials) == 10
    assert caplog.messages[0].startswith(
        "TPESampler proposes the values of b, because other parameters have ranges or choices: 10 trials"
    )
    caplog.clear()
    place.optimize(GRID, search_algorithm="random", num_trials=2)
    assert caplog.messages[0].startswith("RandomSampler proposes the values of a, b: 2 trials")
    caplog.clear()
    place.optimize({"a": space["a"], "b": {"type": "choice", "values": B}}, num_trials=1)
    assert "grid" not in caplog.text


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"a": A}, "no values for 'b'"),
        ({"a": A, "b": B, "c": [1]}, "'c', which is not a parameter"),
    ],
)
def test_a_grid_of_other_parameters_is_refused(place: Place, grid: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        place.optimize(FINITE, search_algorithm=GridSampler(grid))


def test_settings_of_a_spec_take_no_grid_of_their_own() -> None:
    with pytest.raises(InputError, match="use the sampler 'grid'"):
        HPOConfig(sampler_type=GridSampler({"a": A})).settings()


def test_the_minimal_tuner_tries_a_whole_grid(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "MinimalTuner")
    training = {
        "total_updates": 1,
        "eval_frequency": 1,
        "n_envs": 2,
        "rollout_steps": 8,
        "n_epochs": 1,
        "batch_size": 8,
    }
    tuner = MinimalTuner(
        "eurusd_1h",
        mlflow_tracking=False,
        training_config={**training, "env": {"max_episode_steps": 16}, "model": {"n_layers": 1}},
        results_dir=tmp_path,
        storage=f"sqlite:///{tmp_path / 's.db'}",
    )
    space = {"hidden_size": {"grid_search": [4, 8]}, "batch_size": {"grid_search": [4, 8]}}
    found = tuner.optimize(space, n_jobs=1, lanes_per_worker=2, plots=False, **ONLY_SEARCH)
    points = [(trial.params["hidden_size"], trial.params["batch_size"]) for trial in found.results.record.trials]
    assert sorted(points) == [(4, 4), (4, 8), (8, 4), (8, 8)]
    assert caplog.messages[0] == "The grid has 4 points; each point is tried once"
