"""Command lines without a command: their options select `run`, `best`, `results` or `dashboard`."""

from collections.abc import Sequence

_ALIASES = {"--show-best": "best", "--show-results": "results", "--dashboard": "dashboard"}
_PROGRAM_OPTIONS = frozenset({"--help", "-h", "--version", "--install-completion", "--show-completion"})


def with_command(arguments: Sequence[str]) -> list[str]:
    """The arguments with the command first. Without arguments: `--help`."""
    if not arguments:
        return ["--help"]
    if not arguments[0].startswith("-") or arguments[0] in _PROGRAM_OPTIONS:
        return list(arguments)
    for place, argument in enumerate(arguments):
        name, *value = argument.split("=", 1)
        if name in _ALIASES:
            return [_ALIASES[name], *arguments[:place], *value, *arguments[place + 1 :]]
    return ["run", *arguments]
