"""How errors and warnings read on standard error."""

import typer

from fxai.errors import FxaiError
from fxai.wording import legible


def error_message(error: FxaiError) -> str:
    """`Error: ...`, or several faults below each other."""
    first, *others = [legible(line) for line in str(error).splitlines()] or [type(error).__name__]
    return "\n  ".join(["Error:", first, *others]) if others else f"Error: {first}"


def warning(message: str) -> None:
    """Say on standard error what the user should know, without ending anything."""
    typer.echo(f"Warning: {legible(message)}", err=True)
