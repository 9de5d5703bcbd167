"""Texts where numbers, truth values and nothing are meant: one rule in all places."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.reading.load import spec_with_remarks
from fxai.spec.search.parameters import CategoricalParameter
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

FIELDS = [  # path, text, what it is
    ("data.features.time", "on", True),
    ("data.features.volume", '"no"', False),
    ("env.allow_short", "off", False),
    ("env.allow_short", "yes", True),
    ("model.d_model", '"16"', 16),
    ("model.d_model", "16.0", 16),
    ("training.gamma", '"0.97"', 0.97),
    ("model.d_ff", '"32"', 32),
]


def read(lines: str, name: Path = Path("x.yaml")) -> tuple[StudySpec, tuple[str, ...]]:
    spec, remarks = spec_with_remarks(parse_yaml(f"name: x\nstudies:\n- study_name: s\n{lines}", str(name)))
    return spec.studies[0], remarks[0]


def nested(path: str, text: str) -> str:
    *sections, key = path.split(".")
    return "".join(f"{{{section}: " for section in sections) + f"{{{key}: {text}}}" + "}" * len(sections)


@pytest.mark.parametrize(("path", "text", "value"), FIELDS)
def test_a_field_reads_a_text_alike_wherever_it_stands(path: str, text: str, value: JsonValue) -> None:
    gamma = "training.gae_lambda: {type: float, low: 0.9, high: 0.99"
    in_config, config_remarks = read(f"  parameters: {{{gamma}}}}}\n  training_config: {nested(path, text)}\n")
    config: JsonValue = in_config.training_config.model_dump()
    for part in path.split("."):
        assert isinstance(config, dict)
        config = config[part]
    assert config == value
    searched, remarks = read(
        f"  parameters: {{{path}: {{type: choice, values: [{text}]}}}}\n  enqueue: [{{{path}: {text}}}]\n"
    )
    parameter = searched.parameters[0]
    assert isinstance(parameter, CategoricalParameter)
    assert parameter.choices == (value,)
    assert type(parameter.choices[0]) is type(value)
    assert searched.enqueue == ({path: value},)
    conditional, _ = read(f"  parameters: {{{gamma}, when: {{{path}: {text}}}}}}}\n")
    assert conditional.parameters[0].when == {path: (value,)}
    fixed, _ = read(f"  parameters: {{{gamma}}}}}\n  fixed: {{{path}: {text}}}\n")
    assert fixed.fixed == {path: value}
    assert len(config_remarks) == len(remarks) == 1
    assert config_remarks[0] == f"training_config.{remarks[0]}"
    assert remarks[0].startswith(f"{path}: ")


def test_what_is_written_as_it_is_meant_needs_no_remark() -> None:
    _, remarks = read(
        "  parameters:\n"
        "    model.d_model: {type: choice, values: [16, 32]}\n"
        "    model.type: {type: choice, values: [mlp, gru]}\n"
        "    data.features.time: {type: choice, values: [true, false]}\n"
        "    training.learning_rate: {type: float_log, low: 1e-4, high: 1e-2}\n"
        "  training_config: {env: {allow_short: true}, training: {total_updates: 2, eval_frequency: 1}}\n"
    )
    assert remarks == ()


def test_numbers_in_quotes_are_ends_of_a_range() -> None:
    study, remarks = read('  parameters: {training.gamma: {type: float, low: "0.9", high: "0.99"}}\n')
    assert study.parameters[0].low == 0.9
    assert remarks == tuple(
        f"training.gamma: {key} is a number in quotes; write it without quotes" for key in ("low '0.9'", "high '0.99'")
    )


@pytest.mark.parametrize("lines", ["  training_config: {model: {d_ff: None}}\n", "  fixed: {model.d_ff: None}\n"])
def test_none_is_refused_with_what_to_write(lines: str) -> None:
    with pytest.raises(SpecError, match="not 'None'; write null for no value"):
        read(f"  parameters: {{training.gamma: {{low: 0.9, high: 0.99}}}}\n{lines}")


def test_own_code_gets_texts_with_a_warning_of_check() -> None:
    study, remarks = read(
        "  objective: m:f\n  parameters:\n"
        "    clip: {type: choice, values: [None, 0.5, '0.7']}\n"
        "    flag: {type: choice, values: [True, on, 'True', none, relu]}\n"
        "  training_config: {a: {shuffle: no, name: base, steps: ['16', 32]}, seed: 3}\n"
    )
    clip, flag = study.parameters
    assert isinstance(clip, CategoricalParameter)
    assert isinstance(flag, CategoricalParameter)
    assert clip.choices == ("None", 0.5, "0.7")
    assert flag.choices == (True, "on", "True", "none", "relu")
    assert remarks == ()
    assert [line for line in advice(study) if "your code" in line] == [
        "clip: your code gets the choice 'None' as text; write null for no value",
        "clip: your code gets the choice '0.7' as text; without quotes it is a number",
        "flag: your code gets the choice 'on' as text; write true for a boolean",
        "flag: your code gets the choice 'True' as text; write true for a boolean",
        "training_config.a.shuffle: your code gets 'no' as text; write false for a boolean",
        "training_config.a.steps: your code gets '16' as text; without quotes it is a number",
    ]
