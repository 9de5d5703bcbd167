"""What a command line asks for."""

from pathlib import Path

import pytest

from fxai.cli.plan import load_plan, settings_of
from fxai.errors import InputError, SpecError

TWO_STUDIES = """\
name: two
studies:
  - study_name: first
    parameters: [{name: training.gamma, type: float, low: 0.9, high: 0.99}]
  - study_name: second
    parameters: [{name: training.gamma, type: float, low: 0.9, high: 0.99}]
"""


@pytest.fixture
def two(tmp_path: Path) -> str:
    path = tmp_path / "two.yaml"
    path.write_text(TWO_STUDIES)
    return str(path)


def names(spec: str | None, study: str | None) -> list[str]:
    return [each.study_name for each in load_plan(spec, study, {}).studies]


def test_which_studies(two: str) -> None:
    assert names(two, None) == ["first", "second"]
    assert names(two, "second") == ["second"]
    assert names(None, None) == ["fx_ai_quick"]
    assert names(None, "fx_ai_comprehensive") == ["fx_ai_comprehensive"]


def test_a_study_that_the_spec_has_not(two: str) -> None:
    with pytest.raises(InputError, match=r"Study 'third' not found in .*two\.yaml; its studies: first, second"):
        load_plan(two, "third", {})


def test_flags_and_settings_reach_every_study(two: str) -> None:
    flags: dict[str, float | str | None] = {"n_trials": 7, "storage": "sqlite:///a: b.db", "seed": None, "timeout": 1.5}
    spec = load_plan(two, None, settings_of(["training.total_updates=3", "env.allow_short = false"], flags))
    for study in spec.studies:
        assert (study.n_trials, study.storage, study.seed, study.timeout) == (7, "sqlite:///a: b.db", 0, 1.5)
        assert study.training_config.training.total_updates == 3
        assert study.training_config.env.allow_short is False


def test_seeds_and_lanes_can_be_set(two: str) -> None:
    for study in load_plan(two, None, settings_of(["seeds_per_trial=4", "resources.lanes_per_worker=8"], {})).studies:
        assert (study.seeds_per_trial, study.resources.lanes_per_worker) == (4, 8)


def test_minus_one_worker_is_the_whole_machine(two: str) -> None:
    assert load_plan(two, None, settings_of([], {"n_jobs": -1})).studies[0].n_jobs is None
    assert load_plan(two, None, settings_of([], {"n_jobs": 3})).studies[0].n_jobs == 3


@pytest.mark.parametrize("text", ["training.gamma", "=3", "", " = 3"])
def test_what_is_no_assignment(text: str) -> None:
    with pytest.raises(InputError, match="key=value"):
        settings_of([text], {})


def test_a_refused_flag_is_named_as_it_was_written(two: str) -> None:
    settings = settings_of(["training.gamma=7"], {"metric_name": "men_reward"})
    with pytest.raises(SpecError) as refused:
        load_plan(two, None, settings)
    keys = {problem.key for problem in refused.value.problems}
    assert keys == {"--set training.gamma", "--metric"}
