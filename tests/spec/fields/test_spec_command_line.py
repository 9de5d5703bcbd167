"""How the words of a command are filled in."""

import sys
from typing import Any

import pytest

from fxai.spec.fields.command_line import fill_placeholders, placeholders, variable

PARAMS: dict[str, Any] = {
    "lr": 0.001,
    "model.depth": 3,
    "layers": [64, 32],
    "deep": True,
    "kind": "two words",
    "none": None,
}


@pytest.mark.parametrize(
    ("word", "becomes"),
    [
        ("{lr}", ["0.001"]),
        ("--depth={model.depth}", ["--depth=3"]),
        ("{layers}", ["[64, 32]"]),
        ("{kind}", ["two words"]),
        ("{deep} {none}", ["true null"]),
        ("${lr} {{lr}} {}", ["${lr} {lr} {}"]),
        ('{"lr": {lr}}', ['{"lr": 0.001}']),
        ("{lr}{lr}", ["0.0010.001"]),
        ("{seed}", ["7"]),
        ("{python}", [sys.executable]),
        (
            "{params}",
            ["--lr=0.001", "--model.depth=3", "--layers=[64, 32]", "--deep=true", "--kind=two words", "--none=null"],
        ),
    ],
)
def test_a_word_is_filled(word: str, becomes: list[str]) -> None:
    assert fill_placeholders([word], PARAMS, {"seed": 7}) == becomes


def test_a_parameter_overrides_other_names() -> None:
    assert fill_placeholders(["{seed}", "{params}"], {"seed": 1, "params": 2}, {"seed": 7}) == ["1", "2"]


def test_placeholders_are_names_in_single_braces() -> None:
    assert list(placeholders("{a} ${b} {{c}} {d.e} {1} {f g}")) == ["a", "d.e"]


def test_names_of_the_environment() -> None:
    assert variable("training.learning-rate ä") == "FXAI_PARAM_TRAINING_LEARNING_RATE__"
