"""What a study's trials do: the shipped training of trading agents, or code of the user's own.

Own code is looked for, and runs, in the folder of the spec that names it, wherever the search is started.
"""

import shlex
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, JsonValue, Tag

from fxai.errors import InputError
from fxai.spec.argument_style import WrittenStyle, differences
from fxai.spec.environment import check_path, expanded_path
from fxai.spec.record import Record

FX_TRADING: Final = "fx_trading"
COMMAND = "command"
HERE = "."  # the folder from which FxAI was started


def _function_name(name: str) -> str:
    """Code that the spec's reader agrees to run."""
    module, colon, function = name.partition(":")
    if colon and function.isidentifier() and all(map(str.isidentifier, module.split("."))):
        return name
    raise ValueError(f"{name!r} is no function, which is named package.module:function")


def _words(written: Any) -> Any:
    """`python train.py --quick` means the same as `[python, train.py, --quick]`; no shell reads it."""
    if not isinstance(written, str):
        return written
    try:
        return shlex.split(written)
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {str(error).lower()}") from None


class OwnFunction(Record):
    """A function of the user's: called for each trial with a handle, or one of the contracts of `fxai.trial`."""

    function: Annotated[str, AfterValidator(_function_name)] = Field(description="package.module:function")
    folder: Annotated[str, AfterValidator(check_path)] = Field(
        default=HERE, description="where it is looked for and runs; the spec's own unless given"
    )


class OwnCommand(Record):
    """A program of the user's, in any language: started for each trial."""

    command: Annotated[
        tuple[str, ...], BeforeValidator(_words, json_schema_input_type=str | tuple[str, ...]), Field(min_length=1)
    ] = Field(
        description="program and arguments; {name} is a parameter or value of training_config, {params} all parameters"
    )
    folder: Annotated[str, AfterValidator(check_path)] = Field(
        default=HERE, description="where it is looked for and runs; the spec's own unless given"
    )
    argument_style: WrittenStyle | None = Field(
        default=None,
        exclude_if=lambda style: style is None,
        description="how parameters are written as arguments; --name=value unless given",
    )


OwnCode = (OwnFunction, OwnCommand)


def _as_written(written: Any) -> Any:
    """`package.module:function` alone is short for a mapping."""
    if isinstance(written, dict) and not written.keys() & {"function", "command"}:
        raise ValueError("is no objective; write function: package.module:function, or command: [program, argument]")
    if not isinstance(written, str) or written == FX_TRADING:
        return written
    if ":" not in written:
        raise ValueError(
            f"{written!r} is neither {FX_TRADING!r} nor a function of yours, named package.module:function"
        )
    return {"function": written}


def _kind(value: Any) -> str:
    if isinstance(value, OwnCommand) or (isinstance(value, dict) and "command" in value):
        return "own command"
    return "own function" if isinstance(value, OwnFunction | dict) else "shipped"


Objective: TypeAlias = Annotated[
    Annotated[Literal["fx_trading"], Tag("shipped")]
    | Annotated[OwnFunction, Tag("own function")]
    | Annotated[OwnCommand, Tag("own command")],
    Discriminator(_kind),
    BeforeValidator(_as_written, json_schema_input_type=str | OwnFunction | OwnCommand),
]


def is_own(written: Any) -> bool:
    """Whether an objective, as a record or as it is written, is code of the user's own."""
    return written is not None and written != FX_TRADING


def in_folder(written: JsonValue, folder: Path) -> JsonValue:
    """Own code with the place of the file that names it; a folder that it gives lies below that."""
    if isinstance(written, str) and ":" in written:
        written = {"function": written}
    if not isinstance(written, dict):
        return written
    given = written.get("folder", HERE)
    return {**written, "folder": _below(folder, given) if isinstance(given, str) else given}


def _below(folder: Path, given: str) -> str:
    """As it is written where its variables or its `~` make a full path of it."""
    try:
        return given if expanded_path(given).is_absolute() else str(folder / given)
    except InputError:  # the record says what is wrong with it
        return given


def name_of(objective: Objective) -> str:
    """What workers know it by."""
    match objective:
        case OwnFunction(function=name):
            return name
        case OwnCommand():
            return COMMAND
        case _:
            return FX_TRADING


def command_of(objective: Objective) -> tuple[str, ...]:
    """The words of a command; none of anything else."""
    return objective.command if isinstance(objective, OwnCommand) else ()


def argument_style_of(objective: Objective) -> dict[str, JsonValue]:
    """What the style of a command's arguments has other than the default style."""
    return differences(objective.argument_style) if isinstance(objective, OwnCommand) else {}


def folder_of(objective: Objective) -> str:
    """Where own code lies; empty for what is shipped."""
    return str(expanded_path(objective.folder)) if isinstance(objective, OwnCode) else ""
