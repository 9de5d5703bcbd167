"""The standard errors of a trial's value, and the sentence that explains the ± of its texts."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.strict_json import json_value

_BOTH = (
    "± is one standard error. It holds two errors: that of the seeds, and that of the stretch of market on which the "
    "agents were scored."
)
_MARKET_ALONE = (
    "± is one standard error: that of the stretch of market on which the agents were scored and, with several seeds, "
    "that of the seeds. For a single seed, the error of the seeds is not known."
)
_EARLIER = "± is one standard error of the seeds alone, as earlier releases computed it."
_CUSTOM = "± is one standard error of the seeds alone, or the standard error that your code reports."


@dataclass(frozen=True, slots=True)
class ValueErrors:
    """The standard errors of a trial's value. An error that is not known is None."""

    total: float | None = None  # what a text shows after ±
    seeds: float | None = None
    market: float | None = None  # None for custom code, and for trials of earlier releases

    @classmethod
    def of(cls, metrics: Mapping[str, float]) -> "ValueErrors":
        """From all metrics of a trial. Without a part of the market, the total error is that of the seeds."""
        total, market = metrics.get(STANDARD_ERROR), metrics.get(MARKET_ERROR)
        return cls(total, metrics.get(SEED_ERROR, total if market is None else None), market)

    def as_json(self) -> dict[str, JsonValue]:
        """The three errors by the names of their metrics."""
        errors = {STANDARD_ERROR: self.total, SEED_ERROR: self.seeds, MARKET_ERROR: self.market}
        return {name: json_value(error) for name, error in errors.items()}

    def explained(self, *, trading: bool) -> str:
        """A sentence about what ± holds; empty if the value has no ±.

        Args:
            trading: Whether FxAI measured the value, not custom code.
        """
        if self.total is None:
            return ""
        if not trading:
            return _CUSTOM
        if self.market is None:
            return _EARLIER
        return _MARKET_ALONE if self.seeds is None else _BOTH


UNKNOWN = ValueErrors()
