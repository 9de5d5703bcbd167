"""How parameters are written as arguments: the styles against the parsers that they are for."""

import argparse
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.fields.argument_style import FORMS, ArgumentStyle, Form, differences, notation_of
from fxai.spec.fields.arguments import argument_of_key
from fxai.spec.fields.command_line import fill_placeholders
from fxai.spec.fields.objective import CustomCommand
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

PARAMETERS = """
    parameters:
      deep: {type: choice, values: [true, false]}
      clip: {type: choice, values: [null, 0.2]}
      net: {type: choice, values: [[64, 64], [256]]}
"""
PLAIN = """
    parameters:
      lr: {type: float, low: 0, high: 1}
"""
COMMAND = 'command: ["{python}", train.py, "{params}"]'
FOR_ARGPARSE: tuple[Form, ...] = ("--name value", "--flag")


def study(objective: str, parameters: str = PARAMETERS) -> StudySpec:
    text = f"name: mine\nstudies:\n  - study_name: mine\n    objective: {{{objective}}}{parameters}"
    return spec_of(parse_yaml(text, "folder/mine.yaml")).studies[0]


def words(style: ArgumentStyle, command: tuple[str, ...] = ("{params}",), **params: JsonValue) -> list[str]:
    return fill_placeholders(command, params, {"seed": 7}, style.notation)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


TRIALS = st.fixed_dictionaries(
    {
        "training.rate": NUMBERS,
        "kind": TEXTS,
        "deep": st.booleans(),
        "clip": st.none() | NUMBERS,
        "net": st.lists(st.integers(-(2**53), 2**53) | NUMBERS, min_size=1),
    }
)


@given(form=st.sampled_from(FOR_ARGPARSE), params=TRIALS)
def test_argparse_reads_back_what_the_trial_has(form: Form, params: dict[str, Any]) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--training.rate", type=float)
    parser.add_argument("--kind")
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--clip", type=float)
    parser.add_argument("--net", type=float, nargs="+")
    assert vars(parser.parse_args(words(ArgumentStyle(form=form), **params))) == params


@given(form=st.sampled_from(FOR_ARGPARSE), params=TRIALS)
def test_click_reads_back_what_the_trial_has(form: Form, params: dict[str, Any]) -> None:
    @click.command()
    @click.option("--is-deep/--no-is-deep", default=True)
    @click.option("--kind")
    @click.option("--net", type=float, multiple=True)
    @click.option("--clip", type=float)
    def read(**values: Any) -> dict[str, Any]:
        return values

    style = ArgumentStyle(form=form, booleans="pair", lists="repeat", dashes=True)
    named = {"is_deep": params["deep"], **{name: params[name] for name in ("kind", "net", "clip")}}
    there = read.main(words(style, **named), standalone_mode=False)
    assert {**there, "net": list(there["net"])} == named


@pytest.mark.parametrize(
    ("value", "written"),
    [  # each of them read back by hydra-core 1.3
        (0.5, "x=0.5"),
        (-1e-05, "x=-1e-05"),
        (True, "x=true"),
        (None, "x=null"),
        ([64, 64], "x=[64, 64]"),
        (["a", "b c", None], "x=[a, 'b c', null]"),
        ([], "x=[]"),
        ("gru", "x=gru"),
        ("rnn/gru-2.yaml", "x=rnn/gru-2.yaml"),
        ("", "x=''"),
        ("true", "x='true'"),
        ("NULL", "x='NULL'"),
        ("1e5", "x='1e5'"),
        ("two words", "x='two words'"),
        ("a,b=c", "x='a,b=c'"),
        ("è", "x='è'"),
        ("it's", 'x="it\'s"'),
        ('it\'s "it"', "x='it\\'s \"it\"'"),
        ("a\\b", "x='a\\b'"),
        ("a\\", "x='a\\\\'"),
    ],
)
def test_hydra_is_given_its_own_notation(value: JsonValue, written: str) -> None:
    assert words(ArgumentStyle(form="name=value"), x=value) == [written]


@given(value=st.none() | st.booleans() | NUMBERS | st.lists(st.integers()) | TEXTS, name=TEXTS)
def test_without_a_style_a_command_is_filled_as_ever(value: JsonValue, name: str) -> None:
    style = ArgumentStyle(form="--name=value")
    command = ("{params}", "--a={x}", "--a", "{x}", "a={x}")
    assert words(style, command, x=value) == fill_placeholders(command, {"x": value}, {"seed": 7})


@pytest.mark.parametrize(
    ("command", "value", "becomes"),
    [
        ("--net={x}", [64, 32], ["--net", "64", "32"]),
        ("--net {x}", [64, 32], ["--net", "64", "32"]),
        ("{x}", [64, 32], ["64", "32"]),
        ("net-{x}", [64, 32], ["net-[64, 32]"]),
        ("--net={x}", [], ["--net"]),
        ("--clip={x}", None, []),
        ("-c {x} end", None, ["end"]),
        ("{x} end", None, ["end"]),
        ("a={x}", None, ["a=null"]),
        ("--deep={x}", True, ["--deep"]),
        ("--deep {x}", False, []),
        ("{x}", False, ["false"]),
        ("--kind {x}", "-v", ["--kind=-v"]),
        ("-k {x}", "-v", ["-k", "-v"]),
        ("--rate {x}", -1e-05, ["--rate", "-0.00001"]),
        ("--rate={x}", -1e-05, ["--rate=-1e-05"]),
        ("--rate {x}", -0.5, ["--rate", "-0.5"]),
        ("--kind {x}", "", ["--kind", ""]),
        ("--a --b {x} --c {{x}}", 1, ["--a", "--b", "1", "--c", "{x}"]),
        ("-1 {x}", True, ["-1", "true"]),
    ],
)
def test_an_option_with_its_placeholder_is_one_argument(command: str, value: JsonValue, becomes: list[str]) -> None:
    assert words(ArgumentStyle(form="--flag"), tuple(command.split()), x=value) == becomes


def test_a_key_with_its_placeholder_is_quoted_for_hydra() -> None:
    assert words(ArgumentStyle(form="name=value"), ("+model.kind={x}", "{x}"), x="a b") == [
        "+model.kind='a b'",
        "'a b'",
    ]


def test_lists_by_commas_and_repeated() -> None:
    comma = ArgumentStyle(form="--name value", lists="comma")
    assert words(comma, ("{params}", "{net}"), net=[1, 2]) == ["--net", "1,2", "1,2"]
    assert words(ArgumentStyle(lists="repeat"), net=[1, 2]) == ["--net=1", "--net=2"]


def test_a_style_reaches_the_worker_by_what_it_differs_in() -> None:
    for form in FORMS:
        style = ArgumentStyle(form=form, dashes=True)
        assert notation_of(differences(style)) == style.notation
    assert differences(None) == differences(ArgumentStyle(form="--name=value")) == {}


def test_it_is_written_in_short_or_by_its_parts() -> None:
    short = study(f"{COMMAND}, argument_style: --flag")
    assert short.objective == CustomCommand(
        command=("{python}", "train.py", "{params}"), folder="folder", argument_style=ArgumentStyle(form="--flag")
    )
    parts = study(f"{COMMAND}, argument_style: {{form: --name=value, booleans: flag, nulls: omit, lists: values}}")
    assert fingerprint(parts) == fingerprint(short)
    assert fingerprint(spec_of(parse_yaml(standalone_spec(short), "mine.yaml")).studies[0]) == fingerprint(short)


def test_the_fingerprint_without_a_style_is_as_before() -> None:
    plain, named = study(COMMAND), study(f"{COMMAND}, argument_style: --name=value")
    assert fingerprint(plain) == fingerprint(named)
    assert "argument_style" not in fingerprint(plain)
    assert "argument_style" not in standalone_spec(plain)
    assert fingerprint(study(f"{COMMAND}, argument_style: --flag"))["argument_style"] == {
        "booleans": "flag",
        "nulls": "omit",
        "lists": "values",
    }


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("--flags", "unknown argument style '--flags'; did you mean '--flag'? Known: '--name=value', '--name value'"),
        ("{form: --flag, boolean: pair}", "unknown key; did you mean 'booleans'?"),
        ("{form: name=value, booleans: flag}", "need options that begin with --"),
        ("5", "must be a mapping, not 5"),
    ],
)
def test_faults_of_a_style(style: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        study(f"{COMMAND}, argument_style: {style}")
    assert message in str(caught.value)
    assert "mine.yaml:4" in str(caught.value)


def test_a_function_has_no_arguments() -> None:
    with pytest.raises(SpecError, match="unknown key"):
        study("function: code:train, argument_style: --flag")


def test_check_suggests_a_style_for_values_that_parsers_refuse() -> None:
    (line,) = advice(study(COMMAND))
    assert "the command gets deep=true, clip=null, net=[64, 64] as texts; `argument_style: --flag`" in line
    assert advice(study(f"{COMMAND}, argument_style: --name=value")) == ()
    assert advice(study(f"{COMMAND}, argument_style: --flag")) == ()
    assert advice(study(COMMAND, PLAIN)) == ()
    assert advice(study("command: [sh, train.sh]")) == ()
    (line,) = advice(study("command: [sh, train.sh, '{net}']"))
    assert "gets net=[64, 64] as texts" in line


def test_check_warns_of_words_that_a_list_would_absorb() -> None:
    (line,) = advice(study('command: [train, "{params}", data.csv], argument_style: --flag'))
    assert line.startswith("data.csv in the command follows {params}")
    assert advice(study('command: [train, data.csv, "{params}"], argument_style: --flag')) == ()


def test_a_name_keeps_its_underscores_unless_dashes_are_asked_for() -> None:
    for dashes, option in ((False, "--model.d_model=1"), (True, "--model.d-model=1")):
        assert argument_of_key("model.d_model", 1, ArgumentStyle(dashes=dashes).notation) == (option,)


def test_a_form_is_one_of_four() -> None:
    with pytest.raises(ValidationError):
        ArgumentStyle.model_validate({"form": "-name value"})
