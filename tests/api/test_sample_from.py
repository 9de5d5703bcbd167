"""Ray's `tune.sample_from` in searches over an engine of the user's own."""

import contextlib
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from api.valley import LosesItsWorker, Reporting
from fxai import HPOptimizer, MinimalTuner, StudyResults, load_results
from fxai.cli.app import app
from fxai.errors import FingerprintError, InputError, RepeatedFailureError
from fxai.results.export.trial_table import trial_columns

CALL: dict[str, Any] = {"metric": "loss", "mode": "min", "num_trials": 3, "n_jobs": 1}


def sample_from(function: Callable[..., Any]) -> Any:
    """As Ray's domain shows itself."""
    return type("Function", (), {"__module__": "ray.tune.search.sample", "func": staticmethod(function)})()


SPACE = {
    "x": {"type": "uniform", "low": 0.0, "high": 1.0},
    "double": sample_from(lambda spec: 2 * spec.config.x),
    "training_config.steps": {"type": "sample_from", "function": lambda spec: int(spec.config.double * 100)},
}


class Place:
    """A folder in which searches run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = f"sqlite:///{folder / 's.db'}"

    def optimizer(self, engine: Any = None) -> HPOptimizer:
        return HPOptimizer(engine or Reporting(), storage=self.storage, results_dir=self.folder, plots=False)

    def optimize(self, space: dict[str, Any] | None = None, **changed: Any) -> StudyResults:
        engine = changed.pop("engine", None)
        return self.optimizer(engine).optimize(param_space=space or SPACE, **{**CALL, **changed})


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with contextlib.chdir(tmp_path):
        yield Place(tmp_path)


def test_derived_values_reach_the_engine_and_stay_with_the_trial(place: Place) -> None:
    optimizer = place.optimizer()
    results = optimizer.optimize({"layers": 2}, param_space=SPACE, **CALL)
    for trial in results.record.trials:
        x = trial.params["x"]
        assert {*trial.params} == {"x"}
        assert trial.derived == {"double": 2 * x, "training_config.steps": int(2 * x * 100)}
        assert trial.value == 3 * x
        assert trial.metrics["steps"] == trial.derived["training_config.steps"]
    best = results.best
    assert optimizer.get_best_model_config({"layers": 2}) == {"layers": 2, "x": best.params["x"],
        "double": best.derived["double"]}  # fmt: skip
    written = yaml.safe_load(results.paths.best_config.read_text())["training_config"]
    assert written["model_config"] == {"layers": 2, "x": best.params["x"], "double": best.derived["double"]}
    assert written["training_config"] == {"steps": best.derived["training_config.steps"]}
    table = trial_columns(results.record)["derived_double"]
    assert table == [trial.derived["double"] for trial in results.record.trials]
    in_file = load_results(results.paths.directory)
    assert in_file.best.derived == best.derived
    shown = CliRunner().invoke(
        app, ["show", results.name, "0", "--storage", place.storage, "--results-dir", str(place.folder)]
    )
    assert f"double: {results.record.trials[0].derived['double']:.4g}" in shown.output


def test_a_trial_that_fails_keeps_its_derived_values(place: Place) -> None:
    space = {**SPACE, "breaks": sample_from(lambda spec: spec.config.x >= 0)}
    with contextlib.suppress(RepeatedFailureError):
        place.optimize(space, study_name="broken", num_trials=1)
    (trial,) = load_results("broken", storage=place.storage, results_dir=place.folder).record.trials
    assert trial.failure is not None
    assert "broke" in trial.failure.message
    assert trial.derived["double"] == 2 * trial.params["x"]


def test_a_function_that_fails_fails_its_trials_by_one_message(place: Place) -> None:
    space = {**SPACE, "double": sample_from(lambda spec: 2 * spec.config.xx)}
    with pytest.raises(RepeatedFailureError, match=r"sample_from of 'double' failed: there is no value 'xx'"):
        place.optimize(space, num_trials=30)


def test_seeds_of_one_trial_have_the_same_draws_and_a_second_study_too(place: Place) -> None:
    space = {**SPACE, "double": sample_from(lambda _spec: random.random())}  # noqa: S311 (what users of Ray write)
    first = place.optimize(space, num_trials=2, seeds_per_trial=2, study_name="first")
    for trial in first.record.trials:
        assert trial.metrics["standard_error"] == 0
        assert trial.value == trial.params["x"] + trial.derived["double"]
    second = place.optimize(space, num_trials=2, study_name="second")
    assert [each.derived for each in second.record.trials] == [each.derived for each in first.record.trials]
    assert first.record.trials[0].derived["double"] != first.record.trials[1].derived["double"]


def test_a_trial_that_is_run_again_has_the_same_values(place: Place) -> None:
    space = {**SPACE, "double": sample_from(lambda _spec: random.random())}  # noqa: S311
    results = place.optimize(space, engine=LosesItsWorker(), num_trials=1)
    (trial,) = results.record.trials
    assert trial.value == 0
    assert trial.attempt == 1
    assert trial.metrics["double"] == trial.derived["double"]


def test_another_function_is_another_study_or_a_logged_change(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    other = {**SPACE, "double": sample_from(lambda spec: 4 * spec.config.x)}
    first = place.optimize(num_trials=1)
    assert place.optimize(num_trials=1).name == first.name
    assert place.optimize(other, num_trials=1).name != first.name
    place.optimize(num_trials=1, study_name="mine")
    caplog.clear()
    caplog.set_level(logging.INFO, "HPOptimizer")
    place.optimize(other, num_trials=1, study_name="mine")
    assert "resumed with other settings: derived.double." in caplog.messages[0]
    fewer = {name: value for name, value in SPACE.items() if name != "training_config.steps"}
    with pytest.raises(FingerprintError, match=r"training_config\.derived\.training_config\.steps: removed"):
        place.optimize(fewer, num_trials=1, study_name="mine")


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"double": SPACE["double"], "x": 1}, "no parameter to search"),
        (
            {**SPACE, "y": {"type": "sample_from", "function": len, "low": 1}},
            "y: sample_from has only a function; remove low",
        ),
        ({**SPACE, "model_config.double": 3}, "double and model_config.double both set model_config.double"),
        ({**SPACE, "x.y": sample_from(lambda: 1), "x": 2, "z": SPACE["x"]}, "x is a value of the configuration"),
    ],
)
def test_a_space_that_cannot_be_is_refused(place: Place, space: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        place.optimize(space)
    assert not list(place.folder.iterdir())


@pytest.mark.parametrize("function", [sample_from(lambda: 0.9), {"type": "sample_from", "function": lambda: 0.9}])
def test_agents_of_fxai_refuse_it_with_the_way_to_write_it(place: Place, function: Any) -> None:
    space = {"lr": {"type": "loguniform", "low": 1e-5, "high": 1e-2}, "gamma": function}
    tuner = MinimalTuner("eurusd_1h", mlflow_tracking=False, results_dir=place.folder, storage=place.storage)
    for call in (
        lambda: tuner.optimize(space),
        lambda: HPOptimizer(storage=place.storage, results_dir=place.folder).optimize(param_space=space),
    ):
        with pytest.raises(InputError, match=r"gamma: tune\.sample_from is for a training engine of your own"):
            call()
