"""`search: {type: pbt}` in a spec: what suits it and what does not."""

import pytest

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.fields.per_lane_fields import (
    PER_LANE_MODEL_FIELDS,
    PER_LANE_TRAINING_FIELDS,
    SHARED_ENV_FIELDS,
    varies_by_lane,
)
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.override import override
from fxai.spec.search.config_fields import all_config_fields
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.samplers import QMCSampler, RandomSampler
from fxai.spec.search.study import Spec
from fxai.spec.yaml.yaml_source import parse_yaml

STUDY = """\
name: x
studies:
- study_name: s
  n_trials: 16
  search: {type: pbt, ready_interval: 10}
  parameters:
    - {name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}
  training_config:
    training: {total_updates: 40, eval_frequency: 5}
"""


def spec(text: str = STUDY) -> Spec:
    return spec_of(parse_yaml(text, "x.yaml"))


def faults(old: str, new: str) -> str:
    assert old in STUDY
    with pytest.raises(SpecError) as refused:
        spec(STUDY.replace(old, new))
    return str(refused.value)


def test_it_begins_at_random_without_a_pruner() -> None:
    (study,) = spec().studies
    assert study.search == PopulationSearch(population=8, ready_interval=10)
    assert isinstance(study.sampler, RandomSampler)
    assert isinstance(study.pruner, NopPruner)
    assert study.max_running_trials == 8
    assert advice(study) == ()
    (points,) = spec(STUDY.replace("  n_trials", "  sampler: qmc\n  n_trials")).studies
    assert isinstance(points.sampler, QMCSampler)


def test_members_are_compared_at_evaluations_before_the_last() -> None:
    training = PpoConfig(total_updates=40, eval_frequency=5)
    search = PopulationSearch(ready_interval=10)
    assert [step for step in range(1, 41) if search.is_ready(step, training)] == [10, 20, 30]


@pytest.mark.parametrize(
    ("updates", "frequency", "interval"), [(40, 5, 5), (100, 5, 10), (100, 40, 40), (7, 1, 1), (280, 10, 30)]
)
def test_members_are_compared_some_ten_times_by_themselves(updates: int, frequency: int, interval: int) -> None:
    training = PpoConfig(total_updates=updates, eval_frequency=frequency)
    assert PopulationSearch().interval(training) == interval


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "  n_trials: 16\n",
            "  sampler: tpe\n",
            "x.yaml:4: studies[0].sampler: TPESampler draws only the first parameters of members",
        ),
        ("  n_trials: 16\n", "  pruner: median\n", "x.yaml:4: studies[0].pruner: MedianPruner ends members"),
        ("ready_interval: 10", "ready_interval: 12", "12 updates are not a multiple of training.eval_frequency (5)"),
        ("{type: pbt, ready_interval: 10}", "{type: pbt, ready_interval: 0}", "must be greater than or equal to 1"),
        ("10}", "10, population: 1}", "population: must be greater than or equal to 2"),
        ("10}", "10, perturbation: [1.0]}", "must not be 1, because that does not change a parameter"),
        ("10}", "10, quantile: 0.6}", "must be less than or equal to 0.5"),
        ("10}", "10, quantiles: 0.6}", "did you mean 'quantile'?"),
        (
            "    - {name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}",
            "    - {name: training.total_updates, type: int, low: 10, high: 40}",
            "must be the same for all members of a population",
        ),
        ("  n_trials: 16\n", "  objective: mine:train\n", "FxAI cannot copy the state of custom code"),
    ],
)
def test_what_does_not_suit_it_is_refused(old: str, new: str, fault: str) -> None:
    assert fault in faults(old, new)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("ready_interval: 10", "ready_interval: 40", "so members are never compared"),
        ("n_trials: 16", "n_trials: 12", "not a multiple of population 8; the last one has 4"),
        (
            "    - {name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}",
            "    - {name: model.d_model, type: categorical, choices: [32, 64]}",
            "members copy them with the weights: model.d_model",
        ),
    ],
)
def test_unusual_settings_draw_a_warning(old: str, new: str, line: str) -> None:
    (study,) = spec(STUDY.replace(old, new)).studies
    (said,) = advice(study)
    assert line in said


def test_it_is_part_of_what_a_study_is() -> None:
    (study,) = spec().studies
    (other,) = spec(STUDY.replace("10}", "20}")).studies
    (without,) = spec(STUDY.replace("  search: {type: pbt, ready_interval: 10}\n", "")).studies
    assert difference(fingerprint(study), fingerprint(other)) == ("search.ready_interval: 10 -> 20",)
    assert "search" not in fingerprint(without)


def test_it_can_be_set_on_the_command_line() -> None:
    (study,) = override(spec(), {"search.population": "4"}).studies
    assert study.search == PopulationSearch(population=4, ready_interval=10)
    without = spec(STUDY.replace("  search: {type: pbt, ready_interval: 10}\n", ""))
    with pytest.raises(SpecError, match="does not search by populations"):
        override(without, {"search.population": "4"})
    with pytest.raises(SpecError, match=r"not a multiple of training\.eval_frequency"):
        override(spec(), {"search.ready_interval": "7"})


def test_the_numbers_that_may_change_are_fields() -> None:
    fields = all_config_fields()
    assert {f"training.{name}" for name in PER_LANE_TRAINING_FIELDS} <= fields.keys()
    assert {f"model.{name}" for name in PER_LANE_MODEL_FIELDS} <= fields.keys()
    assert {f"env.{name}" for name in SHARED_ENV_FIELDS} <= fields.keys()
    assert varies_by_lane("env.reward.pnl_coefficient")
    assert not any(varies_by_lane(path) for path in ("data.source", "model.d_model", "training.n_envs"))
