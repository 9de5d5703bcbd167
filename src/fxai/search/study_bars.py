"""The bars of a study, as the study's database stores them: their times, and which of them the search uses."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pydantic import JsonValue

from fxai.search import attributes


@dataclass(frozen=True, slots=True)
class StudyBars:
    """Times of bars, as opens in ISO 8601, UTC. With several instruments the bars are the times of any of them."""

    content_hash: str  # of the data
    bars: int
    first: str
    last: str
    seconds: float  # length of a bar
    test_first: str | None = None  # the search uses the bars before it; None: there is no test split
    test_bars: int = 0
    features: tuple[str, ...] = ()  # names of the features
    columns: tuple[str, ...] = ()  # names of the features that are columns of the file

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `of`."""
        return asdict(self)

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "StudyBars | None":
        """From the user attributes of a study; None for a study of an earlier release, and without known data."""
        stored = user_attrs.get(attributes.BARS)
        if not isinstance(stored, Mapping):
            return None
        known: dict[str, Any] = {each.name: stored[each.name] for each in fields(cls) if each.name in stored}
        names = {name: tuple(known.get(name, ())) for name in ("features", "columns")}
        return cls(**{**known, **names})
