"""Objectives of a spec: the shipped ones, a Python function, or a custom command.

Functions and commands run in the folder of the spec that names them.
"""

import shlex
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, JsonValue, Tag

from fxai.errors import InputError
from fxai.spec.fields.argument_style import WrittenStyle, differences
from fxai.spec.fields.environment import check_path, expanded_path
from fxai.spec.fields.record import Record

FX_TRADING: Final = "fx_trading"
LLM_SIGNAL: Final = "llm_signal"
ShippedObjective: TypeAlias = Literal["fx_trading", "llm_signal"]
"""Names of modules in `objectives/`."""
SHIPPED: tuple[str, ...] = get_args(ShippedObjective)
COMMAND = "command"
POSITIONS = "positions"
POSITIONS_OF: Final = "positions of "
"""Begins the name of a function that returns positions; the rest is `package.module:function`."""
HERE = "."  # the folder from which FxAI was started


def _function_name(name: str) -> str:
    """Checks the form `package.module:function`."""
    module, colon, function = name.partition(":")
    if colon and function.isidentifier() and all(map(str.isidentifier, module.split("."))):
        return name
    raise ValueError(f"{name!r} is not the name of a function; write package.module:function")


def _words(written: Any) -> Any:
    """Splits a command given as one text into words, without a shell."""
    if not isinstance(written, str):
        return written
    try:
        return shlex.split(written)
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {str(error).lower()}") from None


class PythonFunction(Record):
    """A Python function that is called for each trial with a trial object, or an objective of `fxai.protocol`.

    With `returns: positions` it is called with bars and the trial's arguments, and FxAI trades the positions.
    """

    function: Annotated[str, AfterValidator(_function_name)] = Field(description="package.module:function")
    folder: Annotated[str, AfterValidator(check_path)] = Field(
        default=HERE, description="working folder, in which it is looked up; by default the folder of the spec"
    )
    returns: Literal["positions"] | None = Field(
        default=None,
        exclude_if=lambda returns: returns is None,
        description="positions: the function is called as function(bars, **arguments) and returns a position for each "
        "bar, which FxAI trades and scores",
    )


class CustomCommand(Record):
    """A program in any language that is started for each trial."""

    command: Annotated[
        tuple[str, ...], BeforeValidator(_words, json_schema_input_type=str | tuple[str, ...]), Field(min_length=1)
    ] = Field(
        description="program and arguments; {name} is a parameter or value of training_config, {params} all parameters"
    )
    folder: Annotated[str, AfterValidator(check_path)] = Field(
        default=HERE, description="working folder, in which it is looked up; by default the folder of the spec"
    )
    argument_style: WrittenStyle | None = Field(
        default=None,
        exclude_if=lambda style: style is None,
        description="notation of parameters as arguments; --name=value by default",
    )


CustomCode = (PythonFunction, CustomCommand)


def _as_written(written: Any) -> Any:
    """Expands the short form: `package.module:function` means `{function: package.module:function}`."""
    if isinstance(written, dict) and not written.keys() & {"function", "command"}:
        raise ValueError(
            "is not an objective; write function: package.module:function, or command: [program, argument]"
        )
    if not isinstance(written, str) or written in SHIPPED:
        return written
    if ":" not in written:
        raise ValueError(
            f"{written!r} is not an objective; write {', '.join(SHIPPED)}, or package.module:function for your function"
        )
    return {"function": written}


def _kind(value: Any) -> str:
    if isinstance(value, CustomCommand) or (isinstance(value, dict) and "command" in value):
        return "own command"
    return "own function" if isinstance(value, PythonFunction | dict) else "shipped"


Objective: TypeAlias = Annotated[
    Annotated[ShippedObjective, Tag("shipped")]
    | Annotated[PythonFunction, Tag("own function")]
    | Annotated[CustomCommand, Tag("own command")],
    Discriminator(_kind),
    BeforeValidator(_as_written, json_schema_input_type=str | PythonFunction | CustomCommand),
]


def is_custom(written: Any) -> bool:
    """Whether a study with an objective, as a record or as written in a spec, holds its configuration as a mapping.

    That is so for custom code, whose keys are free, and for `llm_signal`, whose mapping `LlmSignalConfig` validates.
    """
    return written is not None and written != FX_TRADING


def returns_positions(written: Any) -> bool:
    """Whether an objective, as a record or as written in a spec, is a function that returns positions."""
    if isinstance(written, dict):
        return "function" in written and written.get("returns") == POSITIONS
    return isinstance(written, PythonFunction) and written.returns == POSITIONS


def has_measured_metrics(objective: Any) -> bool:
    """Whether FxAI measures the metrics of a trial: of its agents, of signals, or of positions that are returned."""
    return objective in (FX_TRADING, LLM_SIGNAL) or returns_positions(objective)


def in_folder(written: JsonValue, folder: Path) -> JsonValue:
    """Returns an objective of custom code with its folder. A relative `folder` is below the folder of the spec."""
    if isinstance(written, str) and ":" in written:
        written = {"function": written}
    if not isinstance(written, dict):
        return written
    given = written.get("folder", HERE)
    return {**written, "folder": _below(folder, given) if isinstance(given, str) else given}


def _below(folder: Path, given: str) -> str:
    """Returns the given folder below `folder`, or unchanged if it is absolute after expansion of variables and `~`."""
    try:
        return given if expanded_path(given).is_absolute() else str(folder / given)
    except InputError:  # the validation of the record reports the error
        return given


def name_of(objective: Objective) -> str:
    """Returns the name of the objective for workers."""
    match objective:
        case PythonFunction(function=name, returns=returns):
            return name if returns is None else f"{POSITIONS_OF}{name}"
        case CustomCommand():
            return COMMAND
        case _:
            return objective


def command_of(objective: Objective) -> tuple[str, ...]:
    """Returns the words of a command; empty for any other objective."""
    return objective.command if isinstance(objective, CustomCommand) else ()


def argument_style_of(objective: Objective) -> dict[str, JsonValue]:
    """Returns the settings of a command's argument style that differ from the default style."""
    return differences(objective.argument_style) if isinstance(objective, CustomCommand) else {}


def folder_of(objective: Objective) -> str:
    """Returns the folder of custom code; empty for the shipped objective."""
    return str(expanded_path(objective.folder)) if isinstance(objective, CustomCode) else ""
