"""Passes the parameters of a trial to a custom command, as arguments and environment variables.

    command: [python, train.py, "--lr={learning_rate}", --seed, "{seed}"]

`{name}` is replaced by a parameter or a value of training_config, `{python}` by the interpreter that runs FxAI.
The word `{params}` is replaced by the arguments of all parameters of the trial. `${name}` is left to the shell,
and `{{name}}` becomes `{name}`. `arguments.py` formats an argument in the command's style.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from fxai.spec.fields.argument_style import DEFAULT_NOTATION, KEY_VALUE, Notation
from fxai.spec.fields.arguments import argument, argument_of_key, bare_values, text_of

ALL = "params"
FURTHER = (ALL, "seed", "trial", "checkpoint_dir", "request", "python")
_NAME = r"[A-Za-z_][\w.]*"
_BRACES = re.compile(rf"\{{\{{(?P<literal>{_NAME})\}}\}}|(?<!\$)\{{(?P<name>{_NAME})\}}")
_ALONE = re.compile(rf"\{{(?P<name>{_NAME})\}}")
_OPTION = re.compile(r"--?[^\s={}\d-][^\s={}]*")
_OPTION_EQUALS = re.compile(rf"(?P<option>{_OPTION.pattern})=\{{(?P<name>{_NAME})\}}")
_KEY_EQUALS = re.compile(rf"(?P<key>[^\s={{}}-][^\s={{}}]*)=\{{(?P<name>{_NAME})\}}")
_VARIABLE_PREFIX = "FXAI_PARAM_"


def placeholders(word: str) -> Iterator[str]:
    """Yields the names in braces of one word of a command."""
    yield from (match["name"] for match in _BRACES.finditer(word) if match["name"])


def fill_placeholders(
    command: Sequence[str],
    params: Mapping[str, JsonValue],
    further: Mapping[str, JsonValue],
    notation: Notation = DEFAULT_NOTATION,
) -> list[str]:
    """Returns the words of a command for one trial.

    Args:
        command: The words of the spec, with placeholders.
        params: The parameters of the trial by name.
        further: Other values that a placeholder may name, such as `seed`.
        notation: The style of the arguments.
    """
    values = {**further, "python": sys.executable, **params}
    words: list[str] = []
    left = list(command)
    while left:
        word = left.pop(0)
        if word == f"{{{ALL}}}" and ALL not in params:
            for name, value in params.items():
                words += argument_of_key(name, value, notation)
        elif notation == DEFAULT_NOTATION:
            words.append(_with_values(word, values))
        else:
            words += _styled(word, left, values, notation)
    return words


def _styled(word: str, left: list[str], values: Mapping[str, JsonValue], notation: Notation) -> Sequence[str]:
    """Returns the words for one word in a style. For `--net {net}` it removes the placeholder from `left`."""
    if (match := _OPTION_EQUALS.fullmatch(word)) and match["name"] in values:
        return argument(match["option"], values[match["name"]], notation, joined=True)
    if notation.form == KEY_VALUE and (match := _KEY_EQUALS.fullmatch(word)) and match["name"] in values:
        return argument(match["key"], values[match["name"]], notation, joined=True)
    if (match := _ALONE.fullmatch(word)) and match["name"] in values:
        return bare_values(values[match["name"]], notation)
    if _OPTION.fullmatch(word) and left and (match := _ALONE.fullmatch(left[0])) and match["name"] in values:
        del left[0]
        return argument(word, values[match["name"]], notation, joined=False)
    return (_with_values(word, values),)


def _with_values(word: str, values: Mapping[str, JsonValue]) -> str:
    """Replaces the placeholders of a word. Doubled braces become single; unknown names stay unchanged."""
    return _BRACES.sub(
        lambda match: f"{{{match['literal']}}}" if match["literal"] else text_of(values.get(match["name"], match[0])),
        word,
    )


def variable(name: str) -> str:
    """Returns the environment variable of a parameter: FXAI_PARAM_TRAINING_GAMMA for `training.gamma`."""
    return _VARIABLE_PREFIX + re.sub(r"\W", "_", name, flags=re.ASCII).upper()
