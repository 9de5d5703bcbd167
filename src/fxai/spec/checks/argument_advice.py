"""Advice for commands that get true, null or a list as text because they have no argument style."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pydantic import JsonValue

from fxai.spec.fields.argument_style import DEFAULT_NOTATION, Notation
from fxai.spec.fields.arguments import text_of
from fxai.spec.fields.command_line import ALL, placeholders
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.objective import CustomCommand, Objective
from fxai.spec.search.parameters import CategoricalParameter, Parameter

_AS_ARGPARSE = (
    "`argument_style: --flag` under objective writes booleans as flags, omits null and writes lists as several words, "
    "as argparse expects"
)
_UNKNOWN = re.compile(r"unrecognized|unknown|no such option|unexpected|invalid option", re.IGNORECASE)


def argument_advice(objective: Objective, parameters: Sequence[Parameter]) -> Iterator[str]:
    """Yields the warnings of `fxai check` about the arguments of a command."""
    if not isinstance(objective, CustomCommand):
        return
    choices = {each.name: _choices(each) for each in parameters}
    odd = {name: next(filter(_is_odd, values)) for name, values in choices.items() if any(map(_is_odd, values))}
    if objective.argument_style is None:
        if shown := _shown(objective.command, odd):
            yield (
                f"the command gets {shown} as texts; {_AS_ARGPARSE}; if the command parses such texts, write "
                "`argument_style: --name=value`"
            )
    elif objective.argument_style.notation.lists == "values" and any(isinstance(value, list) for value in odd.values()):
        yield from _about_words_behind_lists(objective.command)


def failure_hint(command: Sequence[str], params: Mapping[str, JsonValue], notation: Notation, failure: str) -> str:
    """Returns advice for a command that failed before its first report; empty if no known cause fits.

    Args:
        command: The words of the spec.
        params: The parameters of the trial.
        notation: The style of the arguments.
        failure: What the command printed.
    """
    odd = {} if notation != DEFAULT_NOTATION else {name: value for name, value in params.items() if _is_odd(value)}
    shown = _shown(command, odd)
    about_values = f"; the command was given {shown}; {_AS_ARGPARSE}" if shown else ""
    unknown = any(f"--{name}" in failure for name in params if "_" in name) and _UNKNOWN.search(failure)
    if not unknown or notation.dashes:
        return about_values
    return (
        f"{about_values}; `argument_style: {{form: --flag, dashes: true}}` writes names with dashes, as --learning-rate"
    )


def _choices(parameter: Parameter) -> list[JsonValue]:
    return [parse_choice(each) for each in parameter.choices] if isinstance(parameter, CategoricalParameter) else []


def _is_odd(value: JsonValue) -> bool:
    return value is None or isinstance(value, bool | list)


def _shown(command: Sequence[str], values: Mapping[str, JsonValue]) -> str:
    """Returns the values that are arguments of the command as text, such as `use_sde=true, net=[64, 64]`."""
    named = {name for word in command for name in placeholders(word)}
    there = values if ALL in named else {name: value for name, value in values.items() if name in named}
    return ", ".join(f"{name}={text_of(value)}" for name, value in there.items())


def _about_words_behind_lists(command: Sequence[str]) -> Iterator[str]:
    for word, following in pairwise(command):
        if word == f"{{{ALL}}}" and not following.startswith("-"):
            yield (
                f"{following} in the command follows {{{ALL}}}, so argparse may read it as an item of a list; "
                f"write it before {{{ALL}}}"
            )
