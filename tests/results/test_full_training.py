"""The commands that train a study's best trial."""

import shlex
from pathlib import Path

import optuna
import yaml

from fxai.results.files import write_results
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.train_command import full_training, train_command
from fxai.results.training.plan import load_plan
from fxai.spec.search.study import StudySpec


def test_a_training_in_full_has_more_updates_than_the_search(
    study: optuna.Study, spec: StudySpec, tmp_path: Path
) -> None:
    paths = StudyPaths(tmp_path, "fx_ai_quick")
    write_results(study, spec, paths, Provenance.of(spec, data_hash="d" * 64))
    found = full_training(paths, study.best_trial.number)
    assert found is not None
    words = shlex.split(found.command)
    key, _, value = words[words.index("--set") + 1].partition("=")
    assert (found.searched, load_plan(paths.best_config, {key: value}).total_updates) == (
        load_plan(paths.best_config, {}).total_updates,
        found.updates,
    )
    assert found.updates > found.searched
    assert train_command(paths, study.best_trial.number, seeds=8).count("-seeds-8") == 1


def test_without_a_known_number_of_updates_there_is_none(study: optuna.Study, spec: StudySpec, tmp_path: Path) -> None:
    paths = StudyPaths(tmp_path, "fx_ai_quick")
    assert full_training(paths, 0) is None  # no best config
    write_results(study, spec, paths, Provenance.of(spec, data_hash="d" * 64))
    best = yaml.safe_load(paths.best_config.read_text())
    segment = {"from_step": 0, "trial": 0, "seed": 1, "params": {}}
    paths.best_config.write_text(yaml.safe_dump({**best, "schedule": [segment]}))
    assert load_plan(paths.best_config, {}).schedule
    assert full_training(paths, 0) is None  # a population
