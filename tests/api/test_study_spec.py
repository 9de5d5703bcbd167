"""Studies as programs write them: mappings, records, with objects of Optuna's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.pruners import NopPruner
from optuna.samplers import RandomSampler

import fxai
from fxai import HPOConfig, StudySpec, TrainingEngine, run_study
from fxai.api.study_spec import spec_of_mapping
from fxai.errors import InputError, SpecError

pytestmark = pytest.mark.usefixtures("inline_workers")

PARAMETERS: dict[str, Any] = {"training.gamma": {"type": "uniform", "low": np.float64(0.9), "high": 0.99}}
STUDY: dict[str, Any] = {"study_name": "mapped", "parameters": PARAMETERS, "n_trials": 1, "n_jobs": 1}
TINY = {"total_updates": 1, "eval_frequency": 1, "n_envs": 2, "rollout_steps": 8, "batch_size": 8, "n_epochs": 1}


@pytest.mark.parametrize("whole", [True, False], ids=["spec", "study"])
def test_run_study_takes_a_mapping(tmp_path: Path, whole: bool) -> None:  # noqa: FBT001
    study = {
        **STUDY,
        "storage": f"sqlite:///{tmp_path / 's.db'}",
        "sampler": RandomSampler(seed=3),
        "training_config": {"training": TINY, "model": {"d_model": 4}},
        "resources": {"lanes_per_worker": 1},
        "confirm": "off",
        "verdict": False,
    }
    spec = {"name": "spec", "studies": [study]} if whole else study
    config = HPOConfig(pruner_type=NopPruner())
    found = run_study(spec, config=config, settings={"n_trials": 2}, results_dir=tmp_path, plots=False)
    assert found.name == "mapped"
    assert found.summary.finished == 2
    assert found.study.user_attrs["fxai:plan"]["sampler"] == {"type": "RandomSampler", "seed": 3}
    assert found.study.user_attrs["fxai:plan"]["pruner"] == {"type": "NopPruner"}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({}, r"run_study: studies\[0\].study_name: is required"),
        ({"studies": 3}, "run_study: studies: must be a list"),
        ({**STUDY, "n_trails": 3}, "did you mean 'n_trials'"),
        ({**STUDY, "training_config": {"model": {"d_model": object()}}}, "cannot store a value of type object"),
    ],
    ids=["empty", "studies no list", "unknown key", "no plain value"],
)
def test_what_is_wrong_with_a_mapping_is_named(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_study(mapping)


def test_a_study_spec_is_made_as_users_write_it() -> None:
    listed = [{"name": name, **each} for name, each in PARAMETERS.items()]
    by_mapping = StudySpec.model_validate({**STUDY, "sampler": "random"})
    by_list = StudySpec(study_name="mapped", parameters=listed, n_trials=1, n_jobs=1, sampler="random")
    (read,) = spec_of_mapping({**STUDY, "sampler": "random"}, "test").studies
    assert by_mapping == by_list == read
    assert StudySpec.model_validate(read.model_dump()) == read
    with pytest.raises(ValueError, match="unknown type 'unifrom'"):
        StudySpec.model_validate({**STUDY, "parameters": {"a": {"type": "unifrom"}}})
    assert issubclass(SpecError, InputError)
    assert fxai.StudySpec is StudySpec


def test_a_study_name_of_a_config_is_checked_as_that_of_a_spec_is() -> None:
    with pytest.raises(SpecError, match="study_name: 'a/b' is the name of a folder"):
        run_study(STUDY, config=HPOConfig(study_name="a/b"))


def test_an_engine_names_all_faults_of_its_configuration() -> None:
    with pytest.raises(SpecError) as caught:
        TrainingEngine().train({"d_modle": 1}, training_config={"learning_rate": True})
    assert [(each.key, each.message) for each in caught.value.problems] == [
        ("model.d_modle", "unknown key; did you mean 'd_model'?"),
        ("training.learning_rate", "must be a number, not true"),
    ]
