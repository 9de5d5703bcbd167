"""Typer command whose help and usage errors are free of type names such as `<int range>`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperCommand

from fxai.cli.results_at_url import at_url
from fxai.formatting import legible

HELP = {"help_option_names": ["-h", "--help"]}
_CHOICES = re.compile(r"<([^<>]*\|[^<>]*)>")  # `<csv|json>`
_TYPE = re.compile(r" <[a-z\[\] ]+>$")  # `<str>`, `<int range>`, `<list[str]>`
_RANGES = (
    (re.compile(r"(-?[\d.]+)<=x<=(-?[\d.]+)(?=[;\]])"), r"\1 to \2"),
    (re.compile(r"x>=(-?[\d.]+)(?=[;\]])"), r"at least \1"),
    (re.compile(r"x<=(-?[\d.]+)(?=[;\]])"), r"at most \1"),
)
_ERRORS: Mapping[str, str] = {  # by pydantic's error types
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "int_parsing_size": "is too large",
    "float_parsing": "is not a number",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
}


class PlainCommand(TyperCommand):
    """One command of `fxai`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line, `[OPTIONS] STUDY [N]`; optional parts are in brackets."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        records = [(param.param_type_name, param.get_help_record(ctx)) for param in self.get_params(ctx)]
        for kind, heading in (("argument", "Arguments"), ("option", "Options")):
            rows = [_without_types(record) for of_kind, record in records if of_kind == kind and record is not None]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, in the working folder of results that are at a URL."""
        with at_url(ctx):
            return super().invoke(ctx)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = _error_text(error.__cause__)
            raise


def typer_app(command: Callable[..., None]) -> typer.Typer:
    """A Typer app with one command."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=HELP)
    app.command(cls=PlainCommand)(command)
    return app


def _without_types(record: tuple[str, str]) -> tuple[str, str]:
    name, text = record
    for pattern, words in _RANGES:
        text = pattern.sub(words, text)
    return _TYPE.sub("", _CHOICES.sub(r"\1", name)), text


def _error_text(error: ValidationError) -> str:
    """`'x' is not a whole number`."""
    first = error.errors()[0]
    words = _ERRORS.get(first["type"])
    if words is None:
        return legible(first["msg"].removeprefix("Value error, "))
    return f"{legible(str(first['input']))!r} {words.format(**first.get('ctx', {}))}"
