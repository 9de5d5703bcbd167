"""The guide's options without a command: they mean `run`, `best`, `results` or `dashboard`."""

from collections.abc import Sequence

_ALIASES = {"--show-best": "best", "--show-results": "results", "--dashboard": "dashboard"}
_OF_THE_PROGRAM = frozenset({"--help", "-h", "--version", "--install-completion", "--show-completion"})


def with_command(arguments: Sequence[str]) -> list[str]:
    """The arguments with their command in front; nothing at all asks for help."""
    if not arguments:
        return ["--help"]
    if not arguments[0].startswith("-") or arguments[0] in _OF_THE_PROGRAM:
        return list(arguments)
    for place, argument in enumerate(arguments):
        name, *value = argument.split("=", 1)
        if name in _ALIASES:
            return [_ALIASES[name], *arguments[:place], *value, *arguments[place + 1 :]]
    return ["run", *arguments]
