import pytest

from fxai.errors import SpecError
from fxai.spec.find_spec import find_spec
from fxai.spec.load import load_spec, spec_of
from fxai.spec.override import override
from fxai.spec.study import Spec
from fxai.spec.yaml_source import parse_yaml


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
            "sampler.n_startup_trials": "3",
            "results_dir": "elsewhere",
        },
    )
    (study,) = changed.studies
    assert study.training_config.training.total_updates == 5
    assert study.training_config.training.learning_rate == 1e-4
    assert study.training_config.env.allow_short is False
    assert (study.n_trials, study.resources.cpu, study.sampler.n_startup_trials) == (20, 2, 3)
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


def test_every_study_is_set() -> None:
    study = "- study_name: {}\n  parameters: {{training.gamma: {{type: float, low: 0.9, high: 0.99}}}}\n"
    spec = spec_of(parse_yaml("name: x\nstudies:\n" + study.format("a") + study.format("b"), "x.yaml"))
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
