"""Cross-field checks of a study with a custom objective."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fxai.spec.checks.study_parts import Placed
from fxai.spec.fields.command_line import FURTHER, placeholders, variable
from fxai.spec.fields.objective import CustomCommand, Objective
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.custom_config import CustomConfig, values_in, with_values
from fxai.spec.search.findings import Finding
from fxai.spec.search.parameters import Choice, Parameter, not_storable


def custom_problems(
    objective: Objective | None, parameters: Sequence[Placed], fixed: Mapping[str, Choice], config: CustomConfig
) -> Iterator[Finding]:
    """Yields names below a value that is not a section, unknown placeholders of a command, and equal variables."""
    searched = (((*place, "name" if each.name == each.path else "path"), each.path) for place, each in parameters)
    for where, path in (*searched, *((("fixed", path), path) for path in fixed)):
        if message := _misplaced(path, config):
            yield Finding(where, message)
    values = values_in(config)
    for _, each in parameters:
        if reason := not_storable(values.get(each.path)):
            yield Finding(("training_config", *each.path.split(".")), reason)
    if isinstance(objective, CustomCommand):
        yield from _unknown_placeholders(objective, [each for _, each in parameters], tuple(values))
        yield from _same_variables(parameters)


def _misplaced(path: str, config: CustomConfig) -> str | None:
    try:
        with_values(config, {path: None})
    except ValueError as error:
        return str(error)
    return None


def _unknown_placeholders(
    objective: CustomCommand, parameters: Iterable[Parameter], values: Sequence[str]
) -> Iterator[Finding]:
    conditional = {**dict.fromkeys(values, False), **{each.name: bool(each.when) for each in parameters}}
    for place, word in enumerate(objective.command):
        for name in placeholders(word):
            where = ("objective", "command", place)
            if name not in conditional and name not in FURTHER:
                known = (*conditional, *FURTHER)
                suggestion = did_you_mean(name, known) or f"; known: {', '.join(known)}"
                yield Finding(where, f"unknown placeholder {{{name}}}{suggestion}")
            elif conditional.get(name):
                yield Finding(where, f"not every trial has {name}; write {{params}} for the parameters of each trial")


def _same_variables(parameters: Sequence[Placed]) -> Iterator[Finding]:
    """Yields names that give the same environment variable, because they differ only in case or special characters."""
    seen: dict[str, str] = {}
    for place, each in parameters:
        other = seen.setdefault(variable(each.name), each.name)
        if other != each.name:
            message = f"{each.name} and {other} have the same environment variable {variable(other)}; rename one"
            yield Finding((*place, "name"), message)
