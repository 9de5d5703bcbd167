from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import SpecError
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.search.conditions import active_params, circular_conditions, in_order
from fxai.spec.search.configure import configure, default_params, params_by_path
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

KIND = CategoricalParameter(name="kind", choices=("mlp", "gru", "transformer"))
HEADS = IntParameter(name="heads", low=1, high=8, when={"kind": "transformer"})
DEPTH = IntParameter(name="depth", low=1, high=4, when={"kind": ["mlp", "transformer"]})
DROP = FloatParameter(name="drop", low=0, high=1, when={"depth": [3, 4]})
SPACE: list[Parameter] = [DROP, HEADS, DEPTH, KIND]

HEAD = "name: x\nstudies:\n- study_name: s\n  parameters:\n"


def study(*parameters: str, rest: str = "") -> StudySpec:
    return spec_of(parse_yaml(HEAD + "".join(f"  - {{{each}}}\n" for each in parameters) + rest, "x.yaml")).studies[0]


def faults(*parameters: str, rest: str = "") -> str:
    with pytest.raises(SpecError) as caught:
        study(*parameters, rest=rest)
    return str(caught.value)


@given(st.permutations(SPACE))
def test_a_parameter_follows_the_parameters_of_its_conditions(space: list[Parameter]) -> None:
    names = [each.name for each in in_order(space)]
    assert sorted(names) == ["depth", "drop", "heads", "kind"]
    assert names.index("kind") < min(names.index("heads"), names.index("depth"))
    assert names.index("depth") < names.index("drop")


@given(st.sampled_from(KIND.choices), st.integers(1, 4))
def test_only_active_parameters_get_values(kind: str, depth: int) -> None:
    values: dict[str, Any] = {"kind": kind, "heads": 2, "depth": depth, "drop": 0.5}
    params = active_params(SPACE, {}, lambda parameter: values[parameter.name])
    wanted = {"kind"}
    wanted |= {"heads"} if kind == "transformer" else set()
    wanted |= {"depth"} if kind != "gru" else set()
    wanted |= {"drop"} if kind != "gru" and depth >= 3 else set()
    assert set(params) == wanted


def test_conditions_may_name_a_field_that_is_not_searched() -> None:
    space = [FloatParameter(name="model.dropout", low=0, high=0.5, when={"model.type": "mlp"})]
    assert active_params(space, {"model.type": "mlp"}, lambda _: 0.1) == {"model.dropout": 0.1}
    assert active_params(space, {"model.type": "gru"}, lambda _: 0.1) == {}


def test_a_circle_is_found() -> None:
    one = IntParameter(name="a", low=0, high=1, when={"b": 1})
    other = IntParameter(name="b", low=0, high=1, when={"a": 1})
    assert set(circular_conditions([one, other])) == {"a", "b"}
    assert circular_conditions(SPACE) == ()


TYPE = "name: model.type, type: categorical, choices: [mlp, gru]"
WIDE = "name: wide, path: model.d_model, type: categorical, choices: [64, 128], when: {model.type: mlp}"
SMALL = "name: small, path: model.d_model, type: categorical, choices: [8, 16], when: {model.type: gru}"


def test_one_field_may_have_a_range_for_each_branch() -> None:
    made = study(TYPE, WIDE, SMALL)
    assert default_params(made) == {"model.type": "mlp", "wide": 64}
    assert isinstance(made.training_config, TrainingConfig)
    config = configure(made.training_config, params_by_path(made.parameters, {"model.type": "gru", "small": 8}))
    assert (config.model.type, config.model.d_model) == ("gru", 8)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ((TYPE, WIDE, SMALL.replace("gru", "mlp")), "parameters[2].path: sets model.d_model, which wide sets too"),
        ((TYPE, WIDE.replace("model.type: mlp", "model.typ: mlp")), "did you mean 'model.type'?"),
        ((TYPE, WIDE.replace("model.type: mlp", "model.type: transformer")), "model.type is never 'transformer'"),
        ((WIDE.replace("model.type: mlp", "model.type: lstm"),), "when.model.type: must be 'mlp', 'gru'"),
        (
            (TYPE + ", when: {wide: 64}", WIDE.replace("when: {model.type: mlp}", "when: {model.type: [mlp, gru]}")),
            "conditions are circular",
        ),
        ((TYPE, WIDE.replace("{model.type: mlp}", "{model.type: []}")), "when.model.type"),
        ((TYPE, WIDE.replace("model.d_model", "model.d_modell")), "did you mean 'model.d_model'?"),
    ],
)
def test_conditions_that_make_no_sense_are_named(parameters: tuple[str, ...], message: str) -> None:
    assert message in faults(*parameters)


def test_grids_know_no_conditions() -> None:
    assert "use BruteForceSampler" in faults(TYPE, WIDE, SMALL, rest="  sampler: GridSampler\n")
    assert study(TYPE, WIDE, SMALL, rest="  sampler: BruteForceSampler\n")


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ("training.batch_size <= training.rollout_stepss", "did you mean 'training.rollout_steps'?"),
        ("training.batch_size * 2", "is not a condition"),
        ("wide ** 2 <=", "is not an expression"),
    ],
)
def test_constraints_that_make_no_sense_are_named_with_their_line(constraint: str, message: str) -> None:
    text = faults(TYPE, rest=f"  constraints:\n  - {constraint}\n")
    assert text.startswith("x.yaml:7: studies[0].constraints[0]: ")
    assert message in text


def test_a_mapping_gives_parameters_names_of_ones_own() -> None:
    made = study(
        "name: lr, type: loguniform, low: 1e-4, high: 1e-2",
        rest="  constraints: [lr * training.batch_size <= 1]\n  param_mapping: {lr: training.learning_rate}\n",
    )
    assert default_params(made) == {"lr": 3e-4}
    assert isinstance(made.training_config, TrainingConfig)
    assert (
        configure(made.training_config, params_by_path(made.parameters, {"lr": 0.005})).training.learning_rate == 0.005
    )


def test_a_mapping_to_nowhere_is_reported_where_it_is_written() -> None:
    text = faults("name: lr, type: float, low: 0, high: 1", rest="  param_mapping:\n    lr: training.learning_rat\n")
    assert text.startswith("x.yaml:7: studies[0].param_mapping.lr: ")
    assert "did you mean 'training.learning_rate'?" in text
