"""Fields that hold several values: as choices, and item by item."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fxai.errors import InputError, SpecError
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.override import override
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.conditions import is_active
from fxai.spec.search.configure import configure, default_params, trial_config, trial_settings
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.parameters import contains, count_values, grid_values, nearest_value
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

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


HORIZON_LISTS = st.lists(st.lists(st.integers(1, 500), max_size=6), min_size=1, max_size=5, unique_by=tuple)


@given(HORIZON_LISTS, st.lists(st.integers(1, 500), max_size=6))
def test_any_lists_pass_through_the_search_and_come_back(choices: list[list[int]], default: list[int]) -> None:
    made = study(
        f"  - {{name: {HORIZONS}, type: choice, values: {choices}}}\n",
        f"{{data: {{features: {{return_horizons: {default}}}}}}}\n  enqueue: [{{{HORIZONS}: {choices[-1]}}}]",
    )
    (parameter,) = made.parameters
    values = grid_values(parameter)
    assert count_values(parameter) == len(values) == len(choices)
    for value, written in zip(values, choices, strict=True):
        assert isinstance(value, str)  # what Optuna's databases can hold
        assert contains(parameter, value)
        assert nearest_value(parameter, value) == value
        assert trial_config(made, {HORIZONS: value}).data.features.return_horizons == tuple(written)
    assert made.enqueue == ({HORIZONS: values[-1]},)
    own = default_params(made)[HORIZONS]
    assert own == (values[choices.index(default)] if default in choices else values[0])
    assert StudySpec.model_validate(made.model_dump()) == made
    stored = json.loads(json.dumps(fingerprint(made)))
    assert difference(stored, fingerprint(made)) == ()


def test_lists_are_written_as_lists_wherever_a_value_is() -> None:
    made = study(
        f"  - {{name: {HORIZONS}, type: choice, values: [[1, 4], [8], []]}}\n"
        f"  - {{name: training.gamma, type: float, low: 0.9, high: 0.99, when: {{{HORIZONS}: [[1, 4], []]}}}}\n",
        f"{{}}\n  fixed: {{data.features.momentum_windows: [12]}}\n  enqueue: [{{{HORIZONS}: [8]}}]",
    )
    assert made.enqueue == ({HORIZONS: "[8]"},)
    conditional = made.parameters[1]
    assert [is_active(conditional, {HORIZONS: text}) for text in ("[1, 4]", "[8]", "[]")] == [True, False, True]
    assert trial_config(made, {HORIZONS: "[8]"}).data.features.momentum_windows == (12,)


def test_a_list_that_is_no_choice_is_not_tried_first() -> None:
    text = faults(
        f"  - {{name: {HORIZONS}, type: choice, values: [[1, 4], []]}}\n", f"{{}}\n  enqueue: [{{{HORIZONS}: [8]}}]"
    )
    assert f"enqueue[0].{HORIZONS}: '[8]' is not one of the parameter's choices" in text


@pytest.mark.parametrize("name", ["bar_range", "volume", "time"])
def test_features_are_switched_on_and_off(name: str) -> None:
    path = f"data.features.{name}"
    made = study(f"  - {{name: {path}, type: choice, values: [true, false]}}\n")
    assert default_params(made) == {path: True}
    for value in (True, False):
        assert getattr(trial_config(made, {path: value}).data.features, name) is value
    assert "is not a number; use categorical" in faults(f"  - {{name: {path}, type: int, low: 0, high: 1}}\n")
    assert "must be a valid boolean" in faults(f"  - {{name: {path}, type: choice, values: [2, 1]}}\n")


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


GAMMA = "  - {name: training.gamma, type: float, low: 0.9, high: 0.99}\n"
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
    assert "parameters[0].name: training_config.model.widths has " in text
    with pytest.raises(InputError, match=r"model\.widths\.2 does not exist"):
        configure(TrainingConfig(), {"model.widths.2": 8})


def test_a_layer_that_no_network_has_is_named_once() -> None:
    text = faults("  - {name: model.widths.8, type: int, low: 1, high: 8}\n", TWO_LAYERS)
    assert text.endswith("training_config has no 'model.widths.8'; the layers are model.widths.0 to model.widths.7")
    assert "\n" not in text


def test_a_layer_that_is_not_there_is_not_fixed() -> None:
    text = faults(GAMMA, "{}\n  fixed: {model.widths.0: 8}")
    assert "fixed.model.widths.0: training_config.model.widths has no widths" in text


def test_of_a_configuration_with_faults_no_layers_are_missed() -> None:
    text = faults("  - {name: model.widths.0, type: int, low: 1, high: 8}\n", "{model: {widths: [4], dropuot: 0}}")
    assert "did you mean 'dropout'?" in text
    assert "gives none" not in text


WHOLE_AND_ITEM = (
    "  - {{name: model.widths, type: choice, values: [[8, 8], [4, 4]]{}}}\n"
    "  - {{name: model.widths.1, type: int, low: 1, high: 8{}}}\n"
)


def test_a_list_and_its_item_are_not_searched_at_once() -> None:
    assert "sets model.widths, which model.widths sets too" in faults(WHOLE_AND_ITEM.format("", ""), TWO_LAYERS)
    apart = (f", when: {{env.allow_short: {value}}}" for value in ("true", "false"))
    study(WHOLE_AND_ITEM.format(*apart), TWO_LAYERS)


def test_constraints_know_layers_by_names_of_ones_own() -> None:
    made = study(
        "  - {name: first, path: model.widths.0, type: int, low: 4, high: 64}\n"
        "  - {name: second, path: model.widths.1, type: int, low: 4, high: 64}\n",
        f"{TWO_LAYERS}\n  constraints: ['first >= second']",
    )
    assert not violated_constraints(made, {"first": 16, "second": 16})
    assert violated_constraints(made, {"first": 16, "second": 17}) == ("first >= second",)


def test_bounds_of_a_layer_are_those_of_a_width() -> None:
    text = faults("  - {name: model.widths.0, type: float, low: 0, high: 8}\n", TWO_LAYERS)
    assert "model.widths.0 is a whole number" in text


def test_widths_are_an_mlps() -> None:
    with pytest.raises(ValidationError, match="set d_model and n_layers for a gru"):
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
    (made,) = override(spec(GAMMA, TWO_LAYERS), setting).studies
    assert getattr(made.training_config.model, path) == value


def test_a_layer_that_is_not_there_cannot_be_set() -> None:
    with pytest.raises(SpecError, match=r"--set: model\.widths\.2: does not exist: model\.widths has 2 items"):
        override(spec(GAMMA, TWO_LAYERS), {"model.widths.2": "8"})


LOOKS = ["[64, 64]", "[64,64]", "[]", '"[64, 64]"', '"plain"', "[a, b]", "relu"]


@pytest.mark.parametrize("text", LOOKS)
def test_a_text_that_looks_like_a_list_stays_a_text_to_own_code(text: str) -> None:
    quoted = json.dumps(text)
    made = spec_of(
        parse_yaml(
            "name: x\nstudies:\n- study_name: s\n  objective: m:f\n  parameters:\n"
            f"    net: {{type: choice, values: [other, {quoted}, [64, 32]]}}\n"
            f"    deep: {{low: 1, high: 3, when: {{net: [{quoted}]}}}}\n"
            f"  enqueue: [{{net: {quoted}}}, {{net: [64, 32]}}]\n  training_config: {{net: {quoted}}}\n",
            "x.yaml",
        )
    ).studies[0]
    net, deep = made.parameters
    assert [parse_choice(each) for each in grid_values(net)] == ["other", text, [64, 32]]
    assert [parse_choice(entry["net"]) for entry in made.enqueue] == [text, [64, 32]]
    assert parse_choice(default_params(made)["net"]) == text
    assert trial_settings(made, default_params(made)) == {"net": text, "deep": 2}
    assert trial_settings(made, {"net": "[64, 32]"}) == {"net": [64, 32]}
    assert is_active(deep, {"net": grid_values(net)[1]})
    assert StudySpec.model_validate(made.model_dump()) == made
    again = spec_of(parse_yaml(standalone_spec(made), "y.yaml")).studies[0]
    assert (again.parameters, again.enqueue) == (made.parameters, made.enqueue)


def test_lists_are_stored_as_in_earlier_releases() -> None:
    made = spec_of(
        parse_yaml(
            "name: x\nstudies:\n- study_name: s\n  objective: m:f\n"
            "  parameters: {net: {type: choice, values: [[64, 64], [32], relu]}}\n",
            "x.yaml",
        )
    ).studies[0]
    assert grid_values(made.parameters[0]) == ("[64, 64]", "[32]", "relu")
