"""The result of a confirmation, as the study's database stores it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import JsonValue

from fxai.search import attributes


@dataclass(frozen=True, slots=True)
class ConfirmedCandidate:
    """A trial that was trained again on fresh seeds."""

    trial: int
    search_value: float | None  # None for a trial without a value, such as a pruned trial 0
    value: float | None  # mean over its fresh seeds; None if all trainings failed
    seeds: int  # number of fresh seeds with a value
    departure: str | None  # why it left the race, as in `evaluation.racing.Departure`; None if it stayed to the end


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The trial that a confirmation chose by the fresh values alone."""

    trial: int  # the chosen candidate
    value: float  # mean over its fresh seeds
    standard_error: float | None  # of the value: seeds and stretch of market
    seed_error: float | None  # its part from the seeds
    market_error: float | None  # its part from the stretch of market
    seeds: tuple[int, ...]  # its fresh seeds
    search_value: float | None  # its value in the search
    candidates: tuple[ConfirmedCandidate, ...]  # the chosen one included

    @property
    def shrinkage(self) -> float | None:
        """How far the fresh value is from the search's, in the metric's unit; None without a value in the search."""
        return None if self.search_value is None else self.value - self.search_value

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Confirmed":
        """Inverse of `as_json`, also after a round trip through JSON."""
        candidates = tuple(ConfirmedCandidate(**each) for each in document["candidates"])
        return cls(**{**document, "seeds": tuple(document["seeds"]), "candidates": candidates})


def winner_of(confirmed: Confirmed | None) -> int | None:
    """The number of the chosen trial; None without a confirmation."""
    return None if confirmed is None else confirmed.trial


def confirmed_of(user_attrs: Mapping[str, Any]) -> Confirmed | None:
    """The study's confirmation, from its user attributes; None if it has none."""
    stored = user_attrs.get(attributes.CONFIRMED)
    return Confirmed.from_json(stored) if isinstance(stored, Mapping) else None
