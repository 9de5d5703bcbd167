"""Formats values, durations and text from outside, for terminals and pages."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from fxai.protocol import ParamValue

_PAIR = 2
_LONGEST_CAUSE = 300  # characters
_END_OF_CAUSE = 100  # of these characters, so many are from the end of the message
_LOG = " (log: "  # begins the part of a message that names the log
PLAIN_BELOW = 1e5  # above it four significant digits would hide the whole part


def figure(value: ParamValue) -> str:
    """A float with four significant digits; any other value as text."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < PLAIN_BELOW else f"{value:.6g}"
    return legible(str(value))


def assignments(params: Mapping[str, ParamValue]) -> str:
    """`name=value, name=value`."""
    return ", ".join(f"{legible(name)}={figure(value)}" for name, value in params.items())


def span(seconds: float) -> str:
    """A duration in its two largest units: `12s`, `4m 05s`, `1h 23m`, `2d 03h`."""
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


def local_time() -> str:
    """The time now with its offset from UTC, as RFC 3339 has it: `2026-11-29T21:05:00+01:00`."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def counted(count: int, noun: str) -> str:
    """`1 trial`, `2 trials`, `1,500 trials`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def runs(numbers: Iterable[int]) -> str:
    """Sorted numbers, with runs of three or more shortened: `3-7, 9, 12, 13`."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > _PAIR else ", ".join(map(str, run)) for run in found)


def legible(text: str) -> str:
    """The text on one line, with a space for each control character. For names and messages from outside."""
    return "".join(c if c.isprintable() else " " for c in text)


def short_cause(message: str) -> str:
    """A message on one line of about 300 characters, with the path of the log if the message ends with one.

    The middle of a longer message is cut out; `fxai show STUDY N` and the log have the whole message.
    """
    words, log, path = legible(message).rpartition(_LOG)
    if not (log and path.endswith(")")):
        words, log, path = legible(message), "", ""
    if len(words) > _LONGEST_CAUSE:
        words = f"{words[: _LONGEST_CAUSE - _END_OF_CAUSE]}…{words[-_END_OF_CAUSE:]}"
    return words + log + path
