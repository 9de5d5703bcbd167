"""What a column of Optuna's tables holds, by the kind of database.

Optuna declares steps as `Integer`, which has 64 bits in SQLite and 32 elsewhere; names of parameters and attributes as
`String(512)`, which SQLite does not cut; distributions and values of attributes as `Text`, which ends in MySQL and
MariaDB at 65,535 bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fxai.errors import StorageError
from fxai.protocol import LONGEST_NAME, MOST_STEP

_SHOWN = 60  # characters of a name in a message


@dataclass(frozen=True, slots=True)
class ColumnLimits:
    """The greatest values of the columns of a database."""

    most_step: int
    longest_name: int | None  # in characters; None: no limit that a study meets
    longest_text: int | None  # in bytes; None: no limit that a study meets

    def holds(self, text: str) -> bool:
        """Whether a column holds that text, which is JSON and so ASCII."""
        return self.longest_text is None or len(text) <= self.longest_text

    def holds_as_json(self, value: object) -> bool:
        """Whether a column holds that value, as JSON."""
        return self.longest_text is None or self.holds(json.dumps(value))

    def end_of(self, text: str) -> str:
        """The text, or as much of its end as a column holds as JSON."""
        while not self.holds_as_json(text):
            text = text[len(text) // 4 + 1 :]
        return text


_LEAST = ColumnLimits(2**31 - 1, LONGEST_NAME, 2**16 - 1)
_BY_DIALECT: Mapping[str, ColumnLimits] = {
    "sqlite": ColumnLimits(MOST_STEP, None, None),
    "postgresql": ColumnLimits(2**31 - 1, LONGEST_NAME, None),
}


def limits_of(dialect: str) -> ColumnLimits:
    """The limits of a database by the name of its SQLAlchemy dialect; of one that is not known the least."""
    return _BY_DIALECT.get(dialect, _LEAST)


def check_text(dialect: str, name: str | int, text: str) -> None:
    """A `StorageError` for a text that the database would cut or refuse; `name` is a parameter's or an attribute's."""
    limits = limits_of(dialect)
    if isinstance(name, str) and limits.longest_name is not None and (len(name) > limits.longest_name or "\0" in name):
        raise StorageError(
            f"the name {name[:_SHOWN]!r}... does not fit the study database: {dialect} holds names of at most "
            f"{limits.longest_name} characters without NUL; give it a shorter name"
        )
    if not limits.holds(text):
        raise StorageError(
            f"{name!r} takes {len(text):,} bytes in the study database, and a text of {dialect} holds "
            f"{limits.longest_text:,}; shorten it (fewer choices, a shorter training_config), or use SQLite or "
            "PostgreSQL as storage"
        )
