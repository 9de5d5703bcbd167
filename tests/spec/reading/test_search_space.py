"""Search spaces by name, and the file that holds them."""

from pathlib import Path

import pytest

from fxai.errors import SpecError
from fxai.spec.fields.algorithm import ALGORITHMS
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.find_spec import config_directory
from fxai.spec.reading.hpo_file import hpo_file, read_hpo
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.search.configure import configure, default_params, params_by_path
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml


def load(body: str, top: str = "") -> StudySpec:
    return spec_of(parse_yaml(f"name: x\n{top}studies:\n- study_name: s\n{body}", "x.yaml")).studies[0]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_there_is_a_space_for_each_algorithm_and_it_sets_its_fields(algorithm: str) -> None:
    study = load(f"  search_space: {algorithm}\n")
    assert study.training_config.training.algorithm == algorithm
    assert [each.name for each in study.parameters] == list(hpo_file().search_spaces[algorithm])
    assert {each.name: each.path for each in study.parameters}["learning_rate"] == "training.learning_rate"
    assert isinstance(study.training_config, TrainingConfig)
    configure(study.training_config, params_by_path(study.parameters, default_params(study)))


def test_its_mapping_names_only_existing_fields() -> None:
    file = hpo_file()
    assert set(file.param_mapping) == {name for space in file.search_spaces.values() for name in space}


@pytest.mark.parametrize(
    "parameters",
    [
        "{gamma: {type: choice, values: [0.9]}, model.d_model: {type: randint, low: 8, high: 32}}",
        "[{name: gamma, type: choice, values: [0.9]}, {name: model.d_model, type: randint, low: 8, high: 32}]",
    ],
)
def test_a_study_adds_to_it_and_replaces_by_name(parameters: str) -> None:
    study = load(f"  search_space: ppo\n  parameters: {parameters}\n")
    named = {each.name: each for each in study.parameters}
    assert set(named) == {*hpo_file().search_spaces["ppo"], "model.d_model"}
    assert (named["gamma"].kind, named["gamma"].path) == ("categorical", "training.gamma")


def test_a_study_removes_and_remaps_parameters() -> None:
    study = load("  search_space: dqn\n  parameters: {tau: null}\n", "param_mapping: {batch_size: training.n_envs}\n")
    paths = {each.name: each.path for each in study.parameters}
    assert "tau" not in paths
    assert paths["batch_size"] == "training.n_envs"


def test_the_algorithm_that_is_written_stays() -> None:
    body = "  search_space: a2c\n  parameters: {n_steps: null}\n  training_config: {training: {algorithm: ppo}}\n"
    assert load(body).training_config.training.algorithm == "ppo"


def test_a_space_takes_the_place_of_the_one_that_is_inherited(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text("extends: quick_search\nstudies: [{study_name: s, search_space: dqn}]\n")
    (study,) = load_spec(tmp_path / "child.yaml").studies
    assert [each.name for each in study.parameters] == list(hpo_file().search_spaces["dqn"])
    assert study.training_config.training.algorithm == "dqn"
    assert study.seeds_per_trial == 4


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("  search_space: pop\n", "4: search_space: there is no search space 'pop'; did you mean 'ppo'? Known: ppo, "),
        ("  search_spce: ppo\n", "3: studies[0].parameters: is required"),
        (
            "  search_space: dqn\n  training_config: {training: {algorithm: ppo}}\n",
            "4: studies[0].parameters.buffer_size.path: ppo has no 'training.buffer_size', a key of dqn;",
        ),
    ],
)
def test_what_is_no_space(body: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(body)
    assert str(caught.value).startswith(f"x.yaml:{fault}")


SHIPPED = (config_directory() / "base" / "hpo.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("type: loguniform", "type: loguni", "search_spaces.ppo.learning_rate: type: unknown type 'loguni'"),
        ("low: 0.25", "low: 5", "search_spaces.ppo.vf_coef"),
        ("n_epochs: training", "n_epochs: trainin", "param_mapping.n_epochs: training_config has no field"),
        ("scheduler: asha", "scheduler: ash", "experiments.standard.scheduler: must be 'asha'"),
        ("num_trials: 5\n", "num_trials: 0\n", "experiments.quick_test.num_trials: must be greater"),
        ("num_trials: 5\n", "n_trials: 5\n", "experiments.quick_test.num_trials: is required"),
    ],
)
def test_a_fault_of_the_file_is_named(old: str, new: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "hpo.yaml").write_text(SHIPPED.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        read_hpo(tmp_path / "hpo.yaml")
    assert fault in str(caught.value)
