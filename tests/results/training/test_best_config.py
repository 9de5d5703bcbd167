from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from fxai.errors import InputError, StorageError
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord
from fxai.results.training.best_config import best_config, load_best_config, write_best_config
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure
from fxai.spec.search.study import StudySpec


@pytest.fixture
def written(study: optuna.Study, spec: StudySpec, tmp_path: Path) -> Path:
    best = StudyRecord.of(study).best
    assert best is not None
    path = tmp_path / "best.yaml"
    write_best_config(path, best_config(spec, best, Provenance.of(spec, "d")))
    return path


def test_read_back_it_is_the_training_of_the_best_trial(written: Path, study: optuna.Study, spec: StudySpec):
    config = load_best_config(written)
    assert isinstance(spec.training_config, TrainingConfig)
    assert config.training_config == configure(spec.training_config, study.best_params)
    assert config.scoring_env == spec.training_config.env
    assert config.seed == 1000 + study.best_trial.number
    assert (config.trial, config.value) == (study.best_trial.number, study.best_value)
    assert config.metric_name == "mean_reward"


def test_every_default_is_written_out(written: Path):
    text = written.read_text()
    for key in ("gamma:", "spread:", "n_layers:", "embargo_bars:", "scoring_env:", "spec_hash:"):
        assert key in text


def test_the_scoring_env_is_free_of_searched_parameters(written: Path, study: optuna.Study, spec: StudySpec):
    name = "env.reward.profit_giveback_penalty_coefficient"
    config = load_best_config(written)
    assert config.training_config.env.reward.profit_giveback_penalty_coefficient == study.best_params[name]
    assert config.scoring_env.reward == spec.training_config.env.reward


@pytest.mark.parametrize("content", ["", "[1, 2]", "study_name: x", "a: [", "study_name: {a: 1}"])
def test_another_file_is_refused_with_its_name(tmp_path: Path, content: str):
    path = tmp_path / "other.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"other\.yaml"):
        load_best_config(path)


def test_a_missing_file_is_said(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.yaml"):
        load_best_config(tmp_path / "none.yaml")


def test_a_best_trial_whose_seed_was_deleted_is_one_message(study: optuna.Study, spec: StudySpec) -> None:
    record = StudyRecord.of(study)
    assert record.best is not None
    with pytest.raises(StorageError, match="no value or no seed of trial"):
        best_config(spec, replace(record.best, seed=None), Provenance.of(spec, "0" * 64))
