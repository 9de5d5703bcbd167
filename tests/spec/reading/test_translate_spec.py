"""The form that the guide and its program wrote."""

import re

import pytest

from fxai.errors import SpecError
from fxai.spec.reading.load import spec_of
from fxai.spec.search.parameters import grid_values
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

GUIDE = """\
name: study_name
description: What this optimization does
studies:
  - study_name: unique_identifier
    direction: maximize  # or minimize
    metric_name: mean_reward  # what to optimize

    sampler:
      type: TPESampler  # optimization algorithm
      n_startup_trials: 10  # random trials before intelligent search

    pruner:
      type: MedianPruner  # early stopping strategy
      n_startup_trials: 5  # trials before pruning starts

    parameters:
      - name: training.learning_rate
        type: float_log  # logarithmic scale
        low: 0.00001
        high: 0.001

      - name: model.d_model
        type: categorical
        choices: [64, 128, 256]

    n_trials: 50
    training_config:
      # Base configuration for all trials
"""


def load(text: str) -> Spec:
    return spec_of(parse_yaml(text, "spec.yaml"))


def study_with(body: str) -> StudySpec:
    parameters = "  parameters: {training.gamma: {type: uniform, low: 0.9, high: 0.99}}\n"
    return load(f"name: x\nstudies:\n- study_name: s\n{parameters}{body}").studies[0]


def fault_of(body: str) -> str:
    with pytest.raises(SpecError) as caught:
        study_with(body)
    (problem,) = caught.value.problems
    assert problem.line == 5
    return f"{problem.key}: {problem.message}"


def test_the_guides_example_works_as_written() -> None:
    (study,) = load(GUIDE).studies
    assert [each.name for each in study.parameters] == ["training.learning_rate", "model.d_model"]
    assert study.parameters[0].log
    assert study.n_trials == 50


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("type: uniform, low: 0.9, high: 0.99", "type: float, low: 0.9, high: 0.99"),
        ("type: loguniform, low: 0.9, high: 0.99", "type: float_log, low: 0.9, high: 0.99"),
        ("type: float, log: true, low: 0.9, high: 0.99", "type: float_log, low: 0.9, high: 0.99"),
        ("type: quniform, q: 0.01, low: 0.9, high: 0.99", "type: float, step: 0.01, low: 0.9, high: 0.99"),
        ("type: choice, values: [0.9, 0.99]", "type: categorical, choices: [0.9, 0.99]"),
    ],
)
def test_rays_names_mean_the_guides(one: str, other: str) -> None:
    specs = [
        load(f"name: x\nstudies:\n- study_name: s\n  parameters: [{{name: training.gamma, {each}}}]\n")
        for each in (one, other)
    ]
    assert specs[0] == specs[1]


def test_qrandint_is_a_randint_on_steps() -> None:
    parameters = "{training.n_epochs: {type: qrandint, low: 2, high: 8, q: 3}}"
    (parameter,) = load(f"name: x\nstudies:\n- study_name: s\n  parameters: {parameters}\n").studies[0].parameters
    assert grid_values(parameter) == (2, 5, 8)


def test_randint_includes_both_ends() -> None:
    text = "name: x\nstudies:\n- study_name: s\n  parameters: {training.n_epochs: {type: randint, low: 4, high: 6}}\n"
    (parameter,) = load(text).studies[0].parameters
    assert (parameter.kind, parameter.low, parameter.high) == ("int", 4, 6)


def test_faults_of_parameters_in_a_mapping_name_the_keys_as_written() -> None:
    with pytest.raises(SpecError, match=r"^spec.yaml:6: studies\[0\]\.parameters\.training\.gamma\.values\[1\]: "):
        load(
            "name: x\nstudies:\n- study_name: s\n  parameters:\n"
            "    training.gamma:\n      {type: choice, values: [1, 2]}\n"
        )


def test_defaults_of_all_studies_are_at_the_top() -> None:
    parameters = "  parameters: {training.gamma: {type: uniform, low: 0.9, high: 0.99}}\n"
    spec = load(
        "name: x\nseed: 7\nn_jobs: 3\nstorage: sqlite:///other.db\ngpu_per_trial: 0.5\nmax_concurrent_trials: 6\n"
        f"studies:\n- study_name: a\n{parameters}- study_name: b\n  seed: 8\n{parameters}"
    )
    assert [study.seed for study in spec.studies] == [7, 8]
    assert {
        (study.n_jobs, study.storage, study.gpu_per_trial, study.max_concurrent_trials) for study in spec.studies
    } == {(3, "sqlite:///other.db", 0.5, 6)}


def test_a_wrong_default_at_the_top_is_reported_once() -> None:
    parameters = "  parameters: {training.gamma: {type: uniform, low: 0.9, high: 0.99}}\n"
    with pytest.raises(SpecError) as caught:
        load(f"name: x\nn_jobs: 0\nstudies:\n- study_name: a\n{parameters}- study_name: b\n{parameters}")
    assert str(caught.value) == "spec.yaml:2: n_jobs: must be greater than or equal to 1, not 0"


@pytest.mark.parametrize(
    "body",
    [
        "  load_if_exists: true\n",
        "  catch_exceptions: true\n",
        "  save_checkpoints: true\n",
        "  n_jobs: -1\n",
        "  base_config: null\n",
        "  training_config:\n",
        "  training_config: {env: , training: }\n",
        "  training_config: {env: {reward: }}\n",
        "  training_config: {training: {algorithm: ppo}}\n",
        "  sampler:\n",
        "  sampler: TPESampler\n",
        "  pruner: MedianPruner\n",
        "  resources:\n",
    ],
)
def test_keys_that_state_the_default_change_nothing(body: str) -> None:
    assert study_with(body) == study_with("")


def test_keys_of_the_guides_program_that_have_a_place() -> None:
    assert study_with("  eval_frequency: 4\n").training_config.training.eval_frequency == 4
    assert study_with("  training_config:\n  eval_frequency: 4\n").training_config.training.eval_frequency == 4
    replay = study_with("  training_config: {training: {algorithm: dqn}}\n  eval_frequency: 4\n")
    assert (replay.training_config.training.algorithm, replay.training_config.training.eval_frequency) == ("dqn", 4)
    moved = study_with("  trial_overrides: {training: {total_updates: 15}}\n")
    assert moved.training_config.training.total_updates == 15


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("  load_if_exists: false\n", "load_if_exists: a run always resumes"),
        ("  catch_exceptions: false\n", "catch_exceptions: a trial that raises is always recorded"),
        ("  base_config: quick\n", "base_config: named configurations do not exist"),
        ("  episodes_per_trial: 9\n", "training_config.training.total_updates"),
        ("  eval_episodes: 9\n", "eval_episodes: an evaluation covers the whole validation split"),
        ("  early_stop_patience: 5\n  stop: {patience: 6}\n", "early_stop_patience: given in stop.patience too"),
        ("  early_stop_patience: 0\n", "studies[0].early_stop_patience: must be greater than or equal to 1"),
        ("  checkpoint_dir: x\n", "checkpoint_dir: checkpoints are in the trial folders"),
        ("  eval_frequency: 0\n", "studies[0].eval_frequency: must be greater than or equal to 1"),
        ("  trial_overrides: {training: {gama: 1}}\n", "studies[0].trial_overrides.training.gama: unknown key"),
        (
            "  trial_overrides: {training: {gamma: 1}}\n  training_config: {}\n",
            "training_config is given too; write all values there",
        ),
        ("  eval_frequency: 3\n  training_config: {training: {eval_frequency: 3}}\n", "keep that one"),
    ],
)
def test_retired_keys_name_their_replacement(body: str, fault: str) -> None:
    assert fault in fault_of(body)


def test_keys_of_the_files_top() -> None:
    assert (
        load("notify_on_complete: false\nlog_level: INFO\nversion: 1.0\ndashboard_port: 8052\n" + GUIDE).version
        == "1.0"
    )
    with pytest.raises(SpecError) as caught:
        load("notify_on_complete: true\nlog_level: DEBUG\n" + GUIDE)
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (1, "notify_on_complete"),
        (2, "log_level"),
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{episodes: 1}", "x.yaml:5: studies[0].validation.episodes: "),
        (
            "{episode: 3}",
            "validation.episode: unknown key; the keys are walk_forward, combinatorial, episodes",
        ),
        ("20", "must be a mapping, such as {walk_forward: {folds: 5}} or {episodes: 20}"),
        (
            "{episodes: 3}\n  training_config: {data: {split: {validation_episodes: 4}}}",
            "given in training_config.data",
        ),
        ("{episodes: 3}\n  objective: a:b", "applies to fx_trading only"),
        ("{walk_forward: {folds: 1}}", "x.yaml:5: studies[0].validation.walk_forward.folds: "),
        ("{walk_forward: {fold: 3}}", "x.yaml:5: studies[0].validation.walk_forward.fold: unknown key; did you mean"),
        ("{walk_forward: {scheme: rising}}", "x.yaml:5: studies[0].validation.walk_forward.scheme: "),
        ("{walk_forward: {}, episodes: 3}", "validation_episodes and walk_forward exclude each other; keep one"),
        ("{walk_forward: {}, combinatorial: {}}", "walk_forward and combinatorial exclude each other; keep one"),
        ("{combinatorial: {test_groups: 6}}", "test_groups 6 leaves no group to train on"),
        ("{combinatorial: {groups: 20, test_groups: 10}}", "are 184,756 trainings per seed, more than 1,000"),
    ],
)
def test_validation_that_cannot_be(written: str, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        spec_of(parse_yaml(f"{VALIDATED} {written}\n", "x.yaml"))


def test_validation_sets_the_episodes_of_the_split() -> None:
    (study,) = spec_of(parse_yaml(f"{VALIDATED} {{episodes: 20}}\n", "x.yaml")).studies
    assert study.training_config.data.split.validation_episodes == 20


@pytest.mark.parametrize(
    ("written", "folds"),
    [
        ("{walk_forward: {folds: 3, scheme: anchored, purge: 9}}", 3),
        ("{walk_forward: }", 5),
        ("{combinatorial: {groups: 5, embargo: 2}}", 10),
    ],
)
def test_validation_by_folds(written: str, folds: int) -> None:
    (study,) = spec_of(parse_yaml(f"{VALIDATED} {written}\n", "x.yaml")).studies
    assert study.folds == study.lanes_per_trial == folds
    assert study.training_config.data.split.folds == folds


VALIDATED = """\
name: x
studies:
- study_name: s
  parameters: {training.gamma: {type: float, low: 0.9, high: 0.99}}
  validation:"""
