"""Which study a Python call resumes, and its first log line."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.valley import Valley
from fxai import HPOConfig, HPOptimizer, StudyResults, run_study
from fxai.api.call_study import with_name
from fxai.api.study_spec import study_of
from fxai.errors import FingerprintError
from fxai.search.studies import study_names

SPACE = {"learning_rate": {"type": "loguniform", "low": 0.00001, "high": 0.01}, "batch_size": 64}
CALL: dict[str, Any] = {
    "training_config": {"epochs": 1},
    "param_space": SPACE,
    "num_trials": 2,
    "search_algorithm": "random",
    "n_jobs": 1,
}
SETTINGS: dict[str, Any] = {"parameters": {"training.gamma": {"type": "uniform", "low": 0.9, "high": 0.99}}}


class Measured(Valley):
    """A valley with data of its own."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data


class Place:
    """A folder in which searches run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = f"sqlite:///{folder / 's.db'}"

    def optimize(self, engine: Any = None, **changed: Any) -> StudyResults:
        optimizer = HPOptimizer(engine or Valley(), storage=self.storage, results_dir=self.folder, plots=False)
        return optimizer.optimize(**{**CALL, **changed})

    def content_of(self, study: str) -> Path:
        return self.folder / study / "engine" / "content.json"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with contextlib.chdir(tmp_path):
        yield Place(tmp_path)


def test_each_setting_has_a_study_of_its_own(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 's.db'}"

    def name(**changed: Any) -> str:
        return with_name(study_of({**SETTINGS, "storage": storage, **changed}, "hpo"), "hpo", tmp_path).study_name

    changes: list[dict[str, Any]] = [
        {"sampler": "random"},
        {"sampler": {"type": "tpe", "n_startup_trials": 3}},
        {"pruner": "asha"},
        {"pruner": "none"},
        {"n_trials": 7},
        {"timeout": 60},
        {"seed": 1},
        {"metric_name": "sharpe"},
        {"training_config": {"training": {"total_updates": 7}}},
        {"training_config": {"data": {"source": "synthetic:trend"}}},
    ]
    assert len({name(), *(name(**change) for change in changes)}) == 1 + len(changes)
    assert name(sampler={"type": "TPESampler", "n_startup_trials": 10}, n_jobs=1) == name()


def test_the_same_call_resumes_and_another_algorithm_does_not(place: Place) -> None:
    first, again = place.optimize(), place.optimize()
    other = place.optimize(search_algorithm="optuna", scheduler="asha")
    longer = place.optimize(num_trials=3)
    assert first.name == again.name
    assert first.record.trials == again.record.trials
    assert len({first.name, other.name, longer.name}) == 3
    assert [each.summary.finished for each in (first, other, longer)] == [2, 2, 3]


def test_data_of_an_engine_count_by_content(place: Place) -> None:
    data = Path("data.csv")
    data.write_text("1\n")
    first = place.optimize(Measured(np.arange(3)), data_config={"file": "data.csv"})
    same = place.optimize(Measured(np.arange(3)), data_config={"file": "data.csv"})
    other_array = place.optimize(Measured(np.arange(4)), data_config={"file": "data.csv"})
    data.write_text("2\n")
    other_file = place.optimize(Measured(np.arange(3)), data_config={"file": "data.csv"})
    assert first.name == same.name
    assert len({first.name, other_array.name, other_file.name}) == 3


def test_a_study_of_an_earlier_release_is_resumed_where_its_settings_are_equal(place: Place) -> None:
    base = place.optimize().name.rpartition("_")[0]
    earlier = place.optimize(study_name=base, num_trials=3)
    place.content_of(base).unlink()  # an earlier release kept the engine alone
    assert place.optimize(num_trials=3).name == earlier.name
    assert place.optimize(num_trials=4).name != earlier.name
    place.content_of(base).unlink()
    (place.folder / base / "engine" / "engine.pkl").unlink()  # nobody knows with what it was run
    assert place.optimize(num_trials=3).name != earlier.name


def test_the_first_line_of_a_new_study_names_the_other(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "HPOptimizer")
    first = place.optimize()
    assert caplog.messages[0].startswith(f"Study {first.name}")
    caplog.clear()
    second = place.optimize(num_trials=3)
    assert caplog.messages[0] == (
        f"{second.name} is a new study. {first.name} is the same search with other settings: n_trials: 2 -> 3. "
        f"study_name={first.name!r} resumes it"
    )


def test_the_first_line_of_a_named_study_says_what_changed(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "HPOptimizer")
    place.optimize(study_name="mine", num_trials=3)
    caplog.clear()
    place.optimize(study_name="mine", num_trials=3)
    assert caplog.messages[0].startswith("Study mine")
    caplog.clear()
    found = place.optimize(study_name="mine", search_algorithm="optuna", scheduler="asha")
    assert found.summary.finished == 3
    assert caplog.records[0].levelno == logging.WARNING
    for part in (
        "The study mine is resumed with other settings",
        '"RandomSampler" -> "TPESampler"',
        '"MedianPruner" -> "SuccessiveHalvingPruner"',
        "n_trials: 3 -> 2",
        "3 finished trials, more than the 2 of this call",
    ):
        assert part in caplog.messages[0]


def test_a_refused_study_logs_no_resume(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.optimize(study_name="mine")
    caplog.clear()
    with pytest.raises(FingerprintError) as told:
        place.optimize(study_name="mine", training_config={"epochs": 2}, search_algorithm="optuna")
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
    first_line = str(told.value).splitlines()[0]
    assert "another study_name" in first_line
    assert "--fresh" in first_line


def test_a_changed_engine_of_a_named_study_is_named(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.optimize(Measured(np.arange(2)), study_name="mine")
    caplog.clear()
    place.optimize(Measured(np.arange(3)), study_name="mine")
    assert "resumed with other settings: the training engine's code or data." in caplog.messages[0]


def test_a_study_run_by_its_spec_logs_its_changes(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    config = HPOConfig(study_name="quick", n_trials=1, n_jobs=1, storage_url=place.storage, sampler_type="random")
    short = {"training.total_updates": 1, "training.eval_frequency": 1, "training.n_envs": 4, "seeds_per_trial": 1,
             "resources.lanes_per_worker": 1, "confirm": "off", "verdict": "off"}  # fmt: skip
    run_study("quick_search", config=config, settings=short, results_dir=place.folder, plots=False)
    caplog.clear()
    run_study(
        "quick_search", config=config, settings={**short, "sampler": "tpe"}, results_dir=place.folder, plots=False
    )
    assert '"RandomSampler" -> "TPESampler"' in caplog.messages[0]
    assert study_names(place.storage) == ("quick",)
