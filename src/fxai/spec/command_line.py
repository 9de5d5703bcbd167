"""How a command of the user's is given its trial: by its arguments and its environment.

    command: [python, train.py, "--lr={learning_rate}", --seed, "{seed}"]

`{name}` stands for a parameter or a value of training_config, `{params}` as a word of its own for `--name=value` of
all parameters that the trial has, `{python}` for the interpreter that runs FxAI. `${name}` stays as it is, a shell's
own, and `{{name}}` is `{name}`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

ALL = "params"
FURTHER = (ALL, "seed", "trial", "checkpoint_dir", "request", "python")
_NAME = r"[A-Za-z_][\w.]*"
_BRACES = re.compile(rf"\{{\{{(?P<literal>{_NAME})\}}\}}|(?<!\$)\{{(?P<name>{_NAME})\}}")
_VARIABLE_PREFIX = "FXAI_PARAM_"


def placeholders(word: str) -> Iterator[str]:
    """The names in braces of one word of a command."""
    yield from (match["name"] for match in _BRACES.finditer(word) if match["name"])


def filled(command: Sequence[str], params: Mapping[str, JsonValue], further: Mapping[str, JsonValue]) -> list[str]:
    """The words of a command for one trial."""
    values = {**further, "python": sys.executable, **params}
    words: list[str] = []
    for word in command:
        if word == f"{{{ALL}}}" and ALL not in params:
            words += (f"--{name}={text(value)}" for name, value in params.items())
        else:
            words.append(_filled(word, values))
    return words


def _filled(word: str, values: Mapping[str, JsonValue]) -> str:
    """A name in doubled braces is one in single braces; what stands for nothing stays."""
    return _BRACES.sub(
        lambda match: f"{{{match['literal']}}}" if match["literal"] else text(values.get(match["name"], match[0])), word
    )


def variable(name: str) -> str:
    """A parameter's name in the environment: `training.gamma` is FXAI_PARAM_TRAINING_GAMMA."""
    return _VARIABLE_PREFIX + re.sub(r"\W", "_", name, flags=re.ASCII).upper()


def text(value: JsonValue) -> str:
    """A value as an argument: strings as they are, all else as JSON, so true and [64, 64]."""
    return value if isinstance(value, str) else json.dumps(value)
