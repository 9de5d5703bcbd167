"""Keys of a study that are a section, `on` or `off`: `confirm` and `verdict`."""

from typing import Any, Literal, TypeAlias

from fxai.spec.fields.record import Record

Off: TypeAlias = Literal["off"]
WrittenSwitch: TypeAlias = Literal["on", "off"] | bool
"""The forms of such a key in a file, besides a section and null."""

SETTINGS, OFF, ABSENT = "settings", "off", "absent"
"""Tags of the members of the key's type."""


def read_switch(written: Any) -> Any:
    """Reads `on` as a section without keys, and true and false as `on` and `off`. Null is as if the key were absent."""
    match written:
        case None | dict() | Record() | "off":
            return written
        case False:
            return "off"
        case True | "on":
            return {}
        case _:
            raise ValueError(f"must be on, off or a mapping, not {written!r}")


def switch_tag(read: Any) -> str:
    """The tag of a value that `read_switch` has read."""
    return ABSENT if read is None else OFF if read == "off" else SETTINGS
