import pytest

from fxai.errors import SpecError
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.override import override
from fxai.spec.search.study import Spec
from fxai.spec.yaml.yaml_source import parse_yaml


@pytest.fixture(scope="module")
def quick() -> Spec:
    return load_spec(find_spec("quick_search"))


def test_settings_reach_config_study_and_spec(quick: Spec) -> None:
    changed = override(
        quick,
        {
            "training.total_updates": "5",
            "training_config.training.learning_rate": "1e-4",
            "env.allow_short": "false",
            "n_trials": "20",
            "resources.cpu": "2",
            "resources.lanes_per_worker": "8",
            "seeds_per_trial": "4",
            "sampler.n_startup_trials": "3",
            "results_dir": "elsewhere",
        },
    )
    (study,) = changed.studies
    assert study.training_config.training.total_updates == 5
    assert study.training_config.training.learning_rate == 1e-4
    assert study.training_config.env.allow_short is False
    assert (study.n_trials, study.resources.cpu, study.sampler.n_startup_trials) == (20, 2, 3)
    assert (study.seeds_per_trial, study.resources.lanes_per_worker) == (4, 8)
    assert changed.results_dir == "elsewhere"
    assert override(quick, {}) == quick


@pytest.mark.parametrize(
    "settings",
    [
        {"sampler": "RandomSampler", "sampler.seed": "3"},
        {"sampler.seed": "3", "sampler.type": "RandomSampler"},
        {"sampler": "{type: RandomSampler, seed: 3}"},
    ],
)
def test_another_class_takes_its_own_arguments(quick: Spec, settings: dict[str, str]) -> None:
    (study,) = override(quick, settings).studies
    assert study.sampler.model_dump() == {"type": "RandomSampler", "seed": 3}


ANY = "- study_name: {}\n  parameters: {{training.gamma: {{type: float, low: 0.9, high: 0.99}}}}\n"


def test_another_algorithm_keeps_what_the_spec_writes_of_the_shared_keys() -> None:
    written = "  training_config: {training: {clip_epsilon: 0.1, total_updates: 40, learning_rate: 1e-4}}\n"
    spec = spec_of(parse_yaml("name: x\nstudies:\n" + ANY.format("a") + written, "x.yaml"))
    (study,) = override(spec, {"training.twin": "true", "training.algorithm": "dqn"}).studies
    expected = DqnConfig(total_updates=40, learning_rate=1e-4, twin=True)
    assert study.training_config.training == expected
    (same,) = override(spec, {"training.algorithm": "ppo"}).studies
    assert same == spec.studies[0]


def test_a_setting_missing_in_one_study_names_that_study() -> None:
    other = "  training_config: {training: {algorithm: a2c}}\n"
    spec = spec_of(parse_yaml("name: x\nstudies:\n" + ANY.format("a") + ANY.format("b") + other, "x.yaml"))
    assert [each.training_config.training.gamma for each in override(spec, {"training.gamma": "0.5"}).studies] == [
        0.5
    ] * 2
    with pytest.raises(SpecError, match=r"a2c has no 'training.clip_epsilon', a key of ppo.*\(study b\)$"):
        override(spec, {"training.clip_epsilon": "0.1"})


def test_every_study_is_set() -> None:
    spec = spec_of(parse_yaml("name: x\nstudies:\n" + ANY.format("a") + ANY.format("b"), "x.yaml"))
    assert [each.n_trials for each in override(spec, {"n_trials": "3"}).studies] == [3, 3]
    with pytest.raises(SpecError, match=r"^--set: n_trials: must be greater than or equal to 1, not 0$"):
        override(spec, {"n_trials": "0"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_trial": "3"}, "--set: n_trial: there is no such setting; did you mean 'n_trials'?"),
        ({"study_name": "x"}, "--set: study_name: there is no such setting"),
        ({"training": "{}"}, "--set: training: there is no such setting"),
        ({"training.gamma": "2"}, "--set: training.gamma: must be less than or equal to 1, not 2"),
        ({"training.gamma": "["}, "--set: training.gamma: not valid YAML"),
        ({"training.gamma": "true"}, "--set: training.gamma: must be a number, not true"),
        ({"sampler.foo": "1"}, "--set: sampler.foo: TPESampler has no argument 'foo'"),
        ({"training.batch_size": "100000"}, "--set: training: batch_size 100000 is more than one rollout holds"),
        ({"training.target_tau": "0.1"}, "--set: training.target_tau: ppo has no 'training.target_tau', a key of dqn;"),
        ({"training.algorithm": "dqn"}, "--set: parameters[2].name: dqn has no 'training.n_epochs', a key of ppo;"),
        ({"training.algorithm": "dqm"}, "--set: training.algorithm: unknown algorithm 'dqm'; did you mean 'dqn'?"),
        ({"training.algorithm": "3"}, "--set: training.algorithm: must be one of ppo, a2c, dqn, double_dqn"),
        (
            {"seeds_per_trial": "4", "resources.lanes_per_worker": "2"},
            "--set: resources.lanes_per_worker: 2 is less than seeds_per_trial 4",
        ),
        ({"sampler": "GridSampler"}, "--set: parameters[0]: GridSampler needs finitely many values"),
    ],
)
def test_settings_at_fault_are_named(quick: Spec, settings: dict[str, str], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        override(quick, settings)
    assert str(caught.value).startswith(message)


def test_all_settings_at_fault_are_named_at_once(quick: Spec) -> None:
    with pytest.raises(SpecError) as caught:
        override(quick, {"training.gamma": "2", "n_jobs": "0"})
    assert {problem.key for problem in caught.value.problems} == {"training.gamma", "n_jobs"}
