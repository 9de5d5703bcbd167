"""How values, spans of time and foreign text read, on a terminal and on a page."""

from collections.abc import Iterable, Mapping

from fxai.protocol import ParamValue

_PAIR = 2
_LONGEST_CAUSE = 300  # characters on a terminal; of which so many are from the end:
_END_OF_CAUSE = 100
_LOG = " (log: "  # begins the end of a message that names the log
PLAIN_BELOW = 1e5  # above it four significant digits would hide the whole part


def figure(value: ParamValue) -> str:
    """A value with four significant digits where it is a float, as it is elsewhere."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < PLAIN_BELOW else f"{value:.6g}"
    return legible(str(value))


def assignments(params: Mapping[str, ParamValue]) -> str:
    """`name=value, name=value`."""
    return ", ".join(f"{legible(name)}={figure(value)}" for name, value in params.items())


def span(seconds: float) -> str:
    """A span of time in its two largest units: `12s`, `4m 05s`, `1h 23m`, `2d 03h`."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f}s"
    whole = round(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days:
        return f"{days}d {hours % 24:02}h"
    if hours:
        return f"{hours}h {minutes % 60:02}m"
    if minutes:
        return f"{minutes}m {whole % 60:02}s"
    return f"{whole}s"


def counted(count: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def runs(numbers: Iterable[int]) -> str:
    """Numbers in order, those that follow one another as a run: `3-7, 9, 12, 13`."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > _PAIR else ", ".join(map(str, run)) for run in found)


def legible(text: str) -> str:
    """The text on one line without control characters: names and messages are others' input."""
    return "".join(c if c.isprintable() else " " for c in text)


def short_cause(message: str) -> str:
    """What went wrong, on one line of at most some 300 characters, and the path of the log if the message ends in it.

    The middle of a longer message is left out: `fxai show STUDY N` and the log have all of it.
    """
    words, log, path = legible(message).rpartition(_LOG)
    if not (log and path.endswith(")")):
        words, log, path = legible(message), "", ""
    if len(words) > _LONGEST_CAUSE:
        words = f"{words[: _LONGEST_CAUSE - _END_OF_CAUSE]}…{words[-_END_OF_CAUSE:]}"
    return words + log + path
