"""The shipped searches of the contest's Task 2: their parameters, presets and metrics, and the ends of the ranges."""

from typing import Any

import pytest

from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.configure import default_params, trial_settings
from fxai.spec.search.parameters import CategoricalParameter, grid_values
from fxai.spec.search.signal_config import signal_config
from fxai.spec.search.study import StudySpec

NAMES = ("llm_signal", "llm_signal_smollm2")
CONTEST: dict[str, Any] = {  # low, high, step and whether the scale is logarithmic, or the choices
    "lora_r": (8, 64, 8, False),
    "lora_alpha": (8, 32, 8, False),
    "lora_dropout": (0.05, 0.3, None, False),
    "learning_rate": (1e-6, 1e-4, None, True),
    "max_train_steps": (20, 100, 1, False),
    "signal_strength": (5, 20, 1, False),
    "lookahead": (1, 7, 1, False),
    "use_4bit": [True, False],
    "quantization_type": ["fp4", "nf4"],
    "max_env_steps": (200, 300, 1, False),
    "reward_scaling": (0.1, 2.0, None, False),
}


def shipped(name: str = "llm_signal", **settings: str) -> StudySpec:
    return override(load_spec(find_spec(name)), settings).studies[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_are_those_of_the_contest(name: str) -> None:
    found: dict[str, Any] = {}
    for each in shipped(name).parameters:
        is_choice = isinstance(each, CategoricalParameter)
        found[each.name] = list(each.choices) if is_choice else (each.low, each.high, each.step, each.log)
    assert found == CONTEST


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("preset", "trials"), [("quick", 15), ("thorough", 100), ("production", 200)])
def test_a_preset_of_task_2_is_a_number_of_trials(name: str, preset: str, trials: int) -> None:
    assert shipped(name, preset=preset).n_trials == trials


@pytest.mark.parametrize(
    ("metric", "stored"),
    [("cumulative_return", "total_return"), ("mean_reward", "mean_reward"), ("sharpe_ratio", "sharpe"),
     ("win_rate", "win_rate")],
)  # fmt: skip
def test_a_metric_of_task_2_is_known(metric: str, stored: str) -> None:
    assert shipped(metric_name=metric).metric_name == stored


def test_the_first_trial_is_the_configuration_of_the_spec() -> None:
    assert default_params(shipped()) == {
        "lora_r": 32,
        "lora_alpha": 16,
        "lora_dropout": 0.1,
        "learning_rate": 1e-5,
        "max_train_steps": 50,
        "signal_strength": 10,
        "lookahead": 3,
        "use_4bit": False,
        "max_env_steps": 250,
        "reward_scaling": 1.0,
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", [0, -1])
def test_the_ends_of_the_ranges_of_task_2_are_configurations(name: str, end: int) -> None:
    study = shipped(name)
    params: dict[str, Any] = {
        each.name: (each.low, each.high)[end] if each.kind == "float" else grid_values(each)[end]
        for each in study.parameters
        if end == 0 or each.name != "quantization_type"
    }
    config = signal_config(trial_settings(study, params))
    assert config.lora.r == (8, 64)[end]
    assert config.model.use_4bit is (True, False)[end]
    assert config.decisions.lookahead == (1, 7)[end]
