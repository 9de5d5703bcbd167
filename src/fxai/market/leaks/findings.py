"""Results of the leak tests."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class LeakKind(StrEnum):
    """What a test found. All kinds but `SUSPICIOUS` are proved by two calculations whose results differ."""

    LATER_BARS = "later bars"  # a value changes when bars after it are changed or left out
    NOT_REPEATABLE = "not repeatable"  # the same bars give other values
    WINDOW = "window"  # a value changes with bars before the declared window
    SUSPICIOUS = "suspicious"  # the column explains more of the next bars than an honest column does


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """One finding about one column."""

    column: str
    kind: LeakKind
    text: str  # what was found, one or two sentences without the column's name
    bar: int | None = None  # index of a bar whose value differs
    time: np.datetime64 | None = None  # open of that bar
    bars: int | None = None  # later bars whose change matters; for `WINDOW`, bars before that are read
    share: float | None = None  # for `SUSPICIOUS`: share of the variance that the column explains
    share_error: float | None = None  # standard error of the share
    instrument: str = ""  # of data with several instruments

    @property
    def is_error(self) -> bool:
        """Whether the column cannot be used; other findings are warnings."""
        return self.kind in {LeakKind.LATER_BARS, LeakKind.NOT_REPEATABLE}


@dataclass(frozen=True, slots=True)
class LeakReport:
    """Findings of one test, and what was tested."""

    findings: tuple[LeakFinding, ...] = ()
    tested: tuple[str, ...] = ()  # columns
    untested: tuple[tuple[str, str], ...] = ()  # column and reason, for columns that could not be tested
    calls: int = 0  # calculations of a function
