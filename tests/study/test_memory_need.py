"""Studies whose trainings do not fit into memory are refused before a trial runs."""

from typing import Any

import pytest

from fxai.errors import InputError
from fxai.pool import SlotPlan, available_memory
from fxai.protocol import Slot
from fxai.spec.checks.lane_memory import format_gigabytes, lanes_bytes
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.search.configure import config_values
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml
from fxai.study.memory_need import check_memory, check_training, memory_advice

RATE = "{name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}"
SHARE = SlotPlan((Slot(0),))


def study(parameters: str = RATE, **rest: Any) -> StudySpec:
    lines = "".join(f"    {key}: {value}\n" for key, value in rest.items())
    return spec_of(
        parse_yaml(f"name: x\nstudies:\n  - study_name: big\n    parameters: [{parameters}]\n{lines}", "x.yaml")
    ).studies[0]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "{training: {n_envs: 1000000, rollout_steps: 1000000}}",
            "rollout, from training.n_envs 1,000,000, training.rollout_steps 1,000,000, env.observation_window 8",
        ),
        (
            "{training: {algorithm: dqn, buffer_size: 1000000000}}",
            "replay, from training.buffer_size 1,000,000,000, env.observation_window 8",
        ),
        (
            "{training: {algorithm: dqn, buffer_multiplier: 1000000, n_envs: 1000}}",
            (
                "replay, from training.buffer_multiplier 1,000,000, training.n_envs 1,000, training.rollout_steps 8, "
                "env.observation_window 8"
            ),
        ),
        (
            "{training: {n_envs: 1000000, rollout_steps: 1000000, rollout_multiplier: 3}}",
            (
                "rollout, from training.n_envs 1,000,000, training.rollout_steps 1,000,000, "
                "training.rollout_multiplier 3, env.observation_window 8"
            ),
        ),
        ("{model: {d_model: 100000, n_layers: 1000}}", "weights, from model.d_model 100,000, model.n_layers 1,000"),
        ("{model: {widths: [100000, 100000, 100000]}}", "weights, from model.widths [100000, 100000, 100000]"),
        (
            "{training: {algorithm: dqn, buffer_size: 100000000, gradient_steps: 100000000, batch_size: 100000000}}",
            "drawn transitions, from training.gradient_steps 100,000,000, training.batch_size 100,000,000",
        ),
    ],
)
def test_a_study_without_a_fitting_trial_is_refused_with_the_largest_settings(config: str, told: str) -> None:
    made = study(training_config=config)
    with pytest.raises(InputError) as refused:
        check_memory(made, SHARE)
    message = str(refused.value)
    has = f"of memory for one training, and this machine has {format_gigabytes(available_memory())}. "
    assert message.startswith("the study 'big' cannot run: a worker needs at least ")
    assert f"{has}The largest part is for the {told}" in message
    assert message.endswith("; lower one of them")
    assert memory_advice(made) == (message,)


def test_the_smallest_trial_must_fit_and_the_largest_has_a_warning() -> None:
    searched = "{name: training.n_envs, type: int, low: 16, high: 1000000}"
    rest = {"training_config": "{training: {rollout_steps: 100000}}"}
    (warning,) = check_memory(study(searched, **rest), SHARE)
    assert warning.startswith("Some of the trials will not fit into memory: a worker needs at least ")
    assert "training.n_envs 1,000,000, training.rollout_steps 100,000" in warning
    with pytest.raises(InputError, match="n_envs 900,000"):
        check_memory(study(searched.replace("16", "900000"), **rest), SHARE)
    choices = "{name: model.d_model, type: categorical, choices: [64, 100000]}"
    assert "model.d_model 100,000" in check_memory(study(choices), SHARE)[0]


def test_the_configuration_on_which_lanes_are_measured_must_fit() -> None:
    searched, config = (
        "{name: training.n_envs, type: int, low: 8, high: 16}",
        "{training: {n_envs: 1000000, X: 100000}}",
    )
    config = config.replace("X", "rollout_steps")
    with pytest.raises(InputError, match="n_envs 1,000,000"):
        check_memory(study(searched, training_config=config), SHARE)
    assert check_memory(study(searched, training_config=config, resources="{lanes_per_worker: 1}"), SHARE) == ()


def test_the_memory_of_parallel_trainings_is_summed() -> None:
    config = "{training: {algorithm: dqn, buffer_size: 100000}}"
    one = study(training_config=config)
    assert check_memory(one, SHARE) == ()
    limit = 3 * lanes_bytes(config_values(one), 1) / 1e9
    asked: dict[str, Any] = {"training_config": config, "memory_limit_gb": limit}
    (told,) = check_memory(study(**asked, seeds_per_trial=4), SHARE)
    assert "of memory for 4 parallel trainings, and memory_limit_gb lets it take" in told
    assert told.endswith("seeds_per_trial 4; lower one of them")
    lanes = {"resources": "{lanes_per_worker: 100}"}
    (told,) = check_memory(study(**asked, **lanes), SHARE)
    assert told.endswith("resources.lanes_per_worker 25; lower one of them"), "no more trials run at once"
    assert check_memory(study(**asked, **lanes), SlotPlan((Slot(0),) * 12)) == ()
    with pytest.raises(InputError, match="seeds_per_trial 1,000; lower"):
        check_memory(study(training_config=config.replace("100000", "1000000"), seeds_per_trial=1000), SHARE)


def test_a_limit_below_the_need_has_a_warning() -> None:
    (told,) = check_memory(study(memory_limit_gb=1e-6), SHARE)
    assert told.startswith("Workers will be replaced after their trials: a worker needs at least ")
    assert "memory_limit_gb lets it take 1e-06 GB" in told


def test_workers_that_do_not_fit_together_have_a_warning() -> None:
    made = study(training_config="{training: {algorithm: dqn, buffer_size: 1000000}}")
    workers = int(available_memory() / lanes_bytes(config_values(made), 1)) + 1
    (warning,) = check_memory(made.model_copy(update={"n_trials": workers}), SlotPlan((Slot(0),) * workers))
    assert warning.startswith(f"{workers} workers need at least ")
    assert warning.endswith("; lower n_jobs")


def test_default_sizes_and_custom_code_have_no_warning() -> None:
    assert check_memory(study(), SHARE) == ()
    assert check_memory(study("{name: x, low: 0, high: 1}", objective="m:f"), SHARE) == ()


def test_fields_of_a_searched_algorithm_are_known() -> None:
    algorithm = "{name: training.algorithm, choices: [ppo, d3qn]}"
    buffer = "{name: training.buffer_size, low: 1000, high: 2000, type: int, when: {training.algorithm: d3qn}}"
    assert check_memory(study(f"{algorithm}, {buffer}"), SHARE) == ()


@pytest.mark.parametrize("low", [10_000, 900_000_000])
def test_all_choices_of_a_searched_algorithm_count(low: int) -> None:
    """The replay buffer of some trials does not fit; trials with ppo do."""
    algorithm = "{name: training.algorithm, type: categorical, choices: [ppo, twin_d3qn]}"
    buffer = f"{{name: training.buffer_size, type: int, low: {low}, high: 1000000000, when: WHEN}}"
    made = study(f"{algorithm}, {buffer.replace('WHEN', '{training.algorithm: twin_d3qn}')}")
    (warning,) = check_memory(made, SHARE)
    assert "Some of the trials will not fit into memory" in warning
    assert "replay, from training.buffer_size 1,000,000,000" in warning
    rollouts = "{training: {rollout_steps: 1000000, n_envs: 100000}}"
    with pytest.raises(InputError, match="rollout, from"):
        check_memory(study(algorithm.replace("twin_d3qn", "a2c"), training_config=rollouts), SHARE)


def test_a_training_of_one_config_is_refused_too() -> None:
    config = TrainingConfig.model_validate({"training": {"n_envs": 1_000_000, "rollout_steps": 1_000_000}})
    with pytest.raises(InputError, match=r"the config cannot be trained: .* --seeds 2; lower one of them"):
        check_training(config, 2, Slot(0))
    check_training(TrainingConfig(), 2, Slot(0))


def test_a_key_of_some_members_that_has_no_value_may_be_conditional() -> None:
    agents = "{name: ensemble.agents.0, type: categorical, choices: [ppo, d3qn]}"
    buffer = "{name: training.buffer_size, type: int, low: 2000, high: 4000, when: {ensemble.agents.0: d3qn}}"
    made = study(f"{RATE}, {agents}, {buffer}", training_config="{ensemble: {agents: [ppo, a2c, dqn]}}")
    assert check_memory(made, SHARE) == ()
    huge = study(
        f"{RATE}, {agents}",
        training_config="{ensemble: {agents: [ppo, dqn]}, model: {d_model: 100000, n_layers: 1000}}",
    )
    with pytest.raises(InputError, match="The largest part is for the weights"):
        check_memory(huge, SHARE)
