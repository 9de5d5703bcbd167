"""Fields that hold several values: as choices, and item by item."""

from typing import Any

import pytest
from pydantic import ValidationError

from fxai.errors import InputError, SpecError
from fxai.spec.configure import configure, default_params, trial_config
from fxai.spec.load import spec_of
from fxai.spec.model_config import ModelConfig
from fxai.spec.override import override
from fxai.spec.study import Spec, StudySpec
from fxai.spec.training_config import TrainingConfig
from fxai.spec.yaml_source import parse_yaml

HORIZONS = "data.features.return_horizons"


def spec(parameters: str, config: str = "{}") -> Spec:
    text = f"name: x\nstudies:\n- study_name: s\n  parameters:\n{parameters}  training_config: {config}\n"
    return spec_of(parse_yaml(text, "x.yaml"))


def study(parameters: str, config: str = "{}") -> StudySpec:
    return spec(parameters, config).studies[0]


def faults(parameters: str, config: str = "{}") -> str:
    with pytest.raises(SpecError) as caught:
        spec(parameters, config)
    return str(caught.value)


def test_lists_are_choices() -> None:
    made = study(f"  - {{name: {HORIZONS}, type: categorical, choices: [[1, 4], [1, 2, 4, 8, 24], []]}}\n")
    assert default_params(made) == {HORIZONS: "[1, 2, 4, 8, 24]"}
    for choice, horizons in (("[1, 4]", (1, 4)), ("[]", ())):
        assert trial_config(made, {HORIZONS: choice}).data.features.return_horizons == horizons


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("[[1, 4], [0]]", "values[1]: data.features.return_horizons must be greater than or equal to 1"),
        ("[[1, 4], 8]", "values[1]: data.features.return_horizons"),
        ("[[1, 4], [one]]", "values[1]: data.features.return_horizons"),
        ("[[1, 4], [1, 4]]", "is given twice"),
    ],
)
def test_lists_that_the_field_refuses_are_named(choices: str, message: str) -> None:
    assert message in faults(f"  - {{name: {HORIZONS}, type: choice, values: {choices}}}\n")


TWO_LAYERS = "{model: {widths: [64, 32]}}"


def test_layers_widths_are_searched_one_by_one() -> None:
    made = study(
        "  - {name: model.widths.0, type: int_log, low: 16, high: 128}\n"
        "  - {name: second, path: model.widths.1, type: choice, values: [8, 16, 32]}\n",
        TWO_LAYERS,
    )
    assert default_params(made) == {"model.widths.0": 64, "second": 32}
    assert trial_config(made, {"model.widths.0": 20, "second": 8}).model.widths == (20, 8)


@pytest.mark.parametrize("config", ["{}", TWO_LAYERS])
def test_a_layer_that_is_not_there_is_named(config: str) -> None:
    text = faults("  - {name: model.widths.2, type: int, low: 1, high: 8}\n", config)
    assert "parameters[0].name: training_config.model.widths gives " in text
    with pytest.raises(InputError, match=r"model\.widths\.2 is not there"):
        configure(TrainingConfig(), {"model.widths.2": 8})


def test_bounds_of_a_layer_are_those_of_a_width() -> None:
    text = faults("  - {name: model.widths.0, type: float, low: 0, high: 8}\n", TWO_LAYERS)
    assert "model.widths.0 is a whole number" in text


def test_widths_are_an_mlps() -> None:
    with pytest.raises(ValidationError, match="a gru has d_model and n_layers"):
        ModelConfig(type="gru", widths=(8, 8))
    with pytest.raises(ValidationError, match="at most 8"):
        ModelConfig(widths=(8,) * 9)


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ({"model.widths": "[32, 16, 8]"}, "widths", (32, 16, 8)),
        ({"model.widths.1": "7"}, "widths", (64, 7)),
    ],
)
def test_they_are_set_on_the_command_line(setting: dict[str, str], path: str, value: Any) -> None:
    loaded = spec("  - {name: training.gamma, type: float, low: 0.9, high: 0.99}\n", TWO_LAYERS)
    (made,) = override(loaded, setting).studies
    assert getattr(made.training_config.model, path) == value
