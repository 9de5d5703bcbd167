"""The algorithm as a parameter of the search."""

from pathlib import Path
from typing import Any

import pytest

from fxai.errors import SpecError
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import config_values, default_params, trial_config
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec

ALGORITHM = "{name: training.algorithm, type: categorical, choices: [ppo, d3qn, DoubleDQN, a2c]}"
GAMMA = "{name: training.gamma, type: float, low: 0.9, high: 0.99}"
BUFFER = (
    "{name: training.buffer_size, type: int, low: 5000, high: 50000, when: {training.algorithm: [d3qn, DoubleDQN]}}"
)
DOUBLE = "{name: training.double, type: categorical, choices: [true, false], when: {training.algorithm: d3qn}}"
SHARED = "total_updates: 60, eval_frequency: 20, learning_rate: 0.002"


def load(tmp_path: Path, *parameters: str, training: str = SHARED, further: str = "") -> StudySpec:
    path = tmp_path / "algorithms.yaml"
    path.write_text(
        "name: algorithms\nstudies:\n- study_name: one\n  direction: maximize\n  n_trials: 3\n"
        f"  parameters: [{', '.join(parameters)}]\n  training_config: {{training: {{{training}}}}}\n{further}"
    )
    (study,) = load_spec(path).studies
    return study


def faults(tmp_path: Path, *parameters: str, **settings: Any) -> str:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, *parameters, **settings)
    return str(caught.value)


def test_a_trial_has_the_chosen_algorithm(tmp_path: Path) -> None:
    study = load(tmp_path, ALGORITHM, GAMMA, BUFFER)
    ppo = trial_config(study, {"training.algorithm": "ppo", "training.gamma": 0.95}).training
    assert isinstance(ppo, PpoConfig)
    double: dict[str, Choice] = {
        "training.algorithm": "DoubleDQN",
        "training.gamma": 0.95,
        "training.buffer_size": 7000,
    }
    dqn = trial_config(study, double).training
    assert isinstance(dqn, DqnConfig)
    assert (dqn.double, dqn.dueling, dqn.buffer_size, dqn.gamma) == (True, False, 7000, 0.95)
    a2c = trial_config(study, {"training.algorithm": "a2c", "training.gamma": 0.95}).training
    assert isinstance(a2c, A2cConfig)
    for training in (ppo, dqn, a2c):  # all keep what training_config says
        assert (training.total_updates, training.eval_frequency, training.learning_rate) == (60, 20, 0.002)
        assert training.rollout_steps == PpoConfig().rollout_steps


def test_a_name_replaces_the_switches_of_the_configuration(tmp_path: Path) -> None:
    chooser = "{name: training.algorithm, type: categorical, choices: [dqn, double_dqn, twin_d3qn]}"
    study = load(tmp_path, chooser, training="algorithm: d3qn, buffer_size: 5000")
    for name, switches in {"dqn": (False, False, False), "double_dqn": (True, False, False)}.items():
        dqn = trial_config(study, {"training.algorithm": name}).training
        assert isinstance(dqn, DqnConfig)
        assert (dqn.double, dqn.dueling, dqn.twin, dqn.buffer_size) == (*switches, 5000)


@pytest.mark.parametrize(
    ("training", "first"),
    [("algorithm: d3qn", "d3qn"), ("algorithm: dqn, double: true", "DoubleDQN"), ("algorithm: a2c", "a2c")],
)
def test_trial_0_takes_the_name_of_the_configuration(tmp_path: Path, training: str, first: str) -> None:
    params = default_params(load(tmp_path, ALGORITHM, BUFFER, training=training))
    assert params["training.algorithm"] == first
    assert ("training.buffer_size" in params) == (first != "a2c")


def test_the_values_of_other_algorithms_are_known(tmp_path: Path) -> None:
    values = config_values(load(tmp_path, ALGORITHM, GAMMA, BUFFER))
    assert values["training.algorithm"] == "ppo"
    assert values["training.buffer_size"] == DqnConfig().buffer_size
    assert values["training.clip_epsilon"] == PpoConfig().clip_epsilon


def test_fixed_values_hold_where_the_algorithm_has_them(tmp_path: Path) -> None:
    study = load(tmp_path, ALGORITHM, further="  fixed: {training.buffer_size: 6000}\n")
    dqn = trial_config(study, {"training.algorithm": "d3qn"}).training
    assert isinstance(dqn, DqnConfig)
    assert dqn.buffer_size == 6000
    for params in ({"training.algorithm": "ppo"}, {}):  # a worker's lanes are planned without parameters
        assert isinstance(trial_config(study, params).training, PpoConfig)


def test_values_are_known_also_where_an_algorithm_needs_further_parameters(tmp_path: Path) -> None:
    few = "total_updates: 5, rollout_steps: 4, batch_size: 16"
    starts = "{name: training.learning_starts, type: int, low: 8, high: 64, when: {training.algorithm: d3qn}}"
    study = load(tmp_path, ALGORITHM.replace(", DoubleDQN", ""), starts, training=few)
    assert config_values(study)["training.learning_starts"] == DqnConfig().learning_starts
    dqn = trial_config(study, {"training.algorithm": "d3qn", "training.learning_starts": 32}).training
    assert isinstance(dqn, DqnConfig)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        (
            [ALGORITHM.replace("d3qn", "d4qn")],
            "parameters[0].choices[1]: unknown algorithm 'd4qn'; did you mean",
        ),
        (
            [ALGORITHM, "{name: training.buffer_size, type: int, low: 5000, high: 9000}"],
            "parameters[1].name: ppo has no 'training.buffer_size', a key of dqn;",
        ),
        (
            [ALGORITHM, DOUBLE],
            "parameters[1].name: is set by the names in the choices of training.algorithm; remove it",
        ),
        (
            [ALGORITHM, BUFFER.replace("[d3qn, DoubleDQN]", "[dqn]")],
            "training.algorithm is never 'dqn'",
        ),
        ([ALGORITHM, BUFFER.replace("5000", "0")], "parameters[1].low: training.buffer_size must be greater than"),
        (
            ["{name: training.algorithm, type: float, low: 0, high: 1}"],
            "parameters[0].type: training.algorithm is not a number; use categorical",
        ),
    ],
)  # fmt: skip
def test_searches_that_cannot_run(tmp_path: Path, parameters: list[str], fault: str) -> None:
    assert fault in faults(tmp_path, *parameters)


def test_an_ensemble_has_kinds_of_its_own(tmp_path: Path) -> None:
    ensemble = "  training_config: {ensemble: {agents: [d3qn, ppo]}}\n"
    path = tmp_path / "ensemble.yaml"
    path.write_text(
        "name: x\nstudies:\n- study_name: one\n  direction: maximize\n  n_trials: 3\n"
        f"  parameters: [{ALGORITHM}]\n{ensemble}"
    )
    with pytest.raises(SpecError, match="an ensemble's kinds are searched as"):
        load_spec(path)


def test_a_condition_is_advised(tmp_path: Path) -> None:
    message = faults(tmp_path, ALGORITHM, "{name: training.clip_epsilon, type: float, low: 0.1, high: 0.3}")
    assert "add a condition (when) on training.algorithm" in message


def test_a_choice_that_does_not_fit_the_configuration(tmp_path: Path) -> None:
    message = faults(tmp_path, ALGORITHM, training="total_updates: 5, rollout_steps: 4, batch_size: 16")
    assert "choices[1]: 'd3qn' does not fit training_config: learning_starts 1000 is never reached" in message
