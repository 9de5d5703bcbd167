"""Studies that began before `auto` was the default of the spread keep their spread."""

import json
from pathlib import Path
from typing import Any

import pytest

from fxai.spec.checks.stored_parts import with_stored_parts
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.spread_defaults import with_earlier_spread
from fxai.spec.search.study import StudySpec


def study(**data: Any) -> StudySpec:
    return StudySpec.model_validate(
        {
            "study_name": "s",
            "metric_name": "sharpe",
            "n_trials": 1,
            "parameters": {"training.gamma": {"type": "float", "low": 0.9, "high": 0.99}},
            "training_config": {"data": data},
        }
    )


def data_of(study: StudySpec) -> Any:
    assert isinstance(study.training_config, TrainingConfig)
    return study.training_config.data


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "bars.csv").write_text("time,open,high,low,close,spread\n")
    return str(tmp_path / "bars.csv")


@pytest.mark.parametrize(
    "begun", [{"spread_column": None, "spread_unit": 1.0}, {"spread_column": "spread", "spread_unit": 1e-5}]
)
def test_a_study_of_a_file_resumes_with_the_spread_that_it_had(begun: dict[str, Any], source: str):
    stored = json.loads(json.dumps(fingerprint(study(source=source, **begun))))
    resumed = with_stored_parts(study(source=source), stored)
    assert (data_of(resumed).spread_column, data_of(resumed).spread_unit) == tuple(begun.values())
    assert difference(stored, fingerprint(resumed)) == ()


def test_a_new_study_of_a_file_finds_its_spread(source: str):
    stored = json.loads(json.dumps(fingerprint(study(source=source))))
    assert stored["training_config"]["data"]["spread_column"] == "auto"
    assert difference(stored, fingerprint(with_stored_parts(study(source=source), stored))) == ()
    other = with_stored_parts(study(source=source, spread_column=None), stored)
    assert difference(stored, fingerprint(other)) == ('training_config.data.spread_column: "auto" -> null',)


def test_the_fingerprint_of_a_named_data_set_has_the_earlier_defaults():
    data: Any = fingerprint(study())["training_config"]["data"]  # type: ignore[index,call-overload]
    assert (data["spread_column"], data["spread_unit"]) == (None, 1.0)
    assert "clean" not in data
    assert "instrument" not in data
    assert fingerprint(study()) == fingerprint(with_earlier_spread(study()))


def test_a_stored_study_without_data_changes_nothing():
    assert with_stored_parts(study(), {}) == study()
    assert with_stored_parts(study(), {"training_config": None}) == study()
