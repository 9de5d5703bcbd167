"""Trading sessions: the hours in which positions may be opened."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from fxai.spec.fields.record import Record

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR: Final = 60


def _as_clock(value: object) -> object:
    """Writes a time of day that YAML has read as a number of base 60 as text again: 16:00 is 960 in YAML 1.1."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value // _HOUR:02d}:{value % _HOUR:02d}"
    return value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the name of a time zone, such as America/New_York or UTC") from None
    return name


Clock = Annotated[str, BeforeValidator(_as_clock), Field(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$|^24:00$")]


class SessionConfig(Record):
    """Hours of a day in which positions may be opened: bars that open from `start` on and before `end`."""

    start: Clock = Field(description="time of day at which the session begins, such as 09:30")
    end: Clock = Field(description="time of day at which it ends, such as 16:00; on the next day if not after start")
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        description="time zone of start and end, such as America/New_York"
    )
    days: tuple[Day, ...] = Field(
        default=WEEK[:5], min_length=1, description="days on which the session begins; Monday to Friday by default"
    )

    @property
    def seconds(self) -> tuple[int, int]:
        """Start and end in seconds after midnight of the day on which the session begins."""
        start, end = (_seconds(clock) for clock in (self.start, self.end))
        return start, end if end > start else end + 24 * _HOUR * _HOUR


def as_sessions(value: object) -> object:
    """Reads one session as a list of one."""
    return (value,) if isinstance(value, Mapping | SessionConfig) else value


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return _HOUR * (_HOUR * int(hours) + int(minutes))
