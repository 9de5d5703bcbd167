"""Suggests the known name that is nearest to a mistyped name."""

import difflib
from collections.abc import Iterable

_SHORTEST_STEM = 3


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Returns the known name most similar to `name`, by spelling, prefix or the last part of a dotted name."""
    known = tuple(known)
    by_case = {candidate.lower(): candidate for candidate in known}
    if matches := difflib.get_close_matches(name.lower(), by_case, n=1, cutoff=0.6):
        return by_case[matches[0]]
    if len(name) >= _SHORTEST_STEM and (longer := [each for each in by_case if each.startswith(name.lower())]):
        return by_case[longer[0]]
    last = name.rpartition(".")[2].lower()
    return next((candidate for candidate in known if candidate.rpartition(".")[2].lower() == last), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns `; did you mean 'low'?`, or an empty text if no known name is similar."""
    near = nearest(name, known)
    return f"; did you mean {near!r}?" if near else ""
