"""How errors and warnings read on standard error."""

import typer

from fxai.errors import FxaiError, SpecError
from fxai.wording import legible


def error_message(error: FxaiError) -> str:
    """`Error: ...` with further lines below; several faults of a spec stand below each other."""
    first, *others = [legible(line) for line in str(error).splitlines()] or [type(error).__name__]
    head = ["Error:", first] if others and isinstance(error, SpecError) else [f"Error: {first}"]
    return "\n  ".join([*head, *others])


def warning(message: str) -> None:
    """Say on standard error what the user should know, without ending anything."""
    typer.echo(f"Warning: {legible(message)}", err=True)
