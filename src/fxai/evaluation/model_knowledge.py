"""What a language model may have read of the bars on which its signals are judged."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from pydantic import ConfigDict

from fxai.formatting import counted
from fxai.market.bars import TimeArray


@dataclass(frozen=True, slots=True)
class ModelKnowledge:
    """Judged bars that the texts of a language model's own training may be later than."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    until: str | None  # date of the latest text, ISO 8601; None if it is unknown
    bars: int  # judged bars that are not after it; all if it is unknown

    @property
    def sentence(self) -> str:
        """Why the verdict says less."""
        if self.until is None:
            return (
                "The language model may have read what came next: it is unknown until when its own training texts "
                "reach (model.knowledge_until)."
            )
        return (
            f"The language model may have read what came next in {counted(self.bars, 'bar')} of these: its own "
            f"training texts reach to {self.until} (model.knowledge_until)."
        )


def knowledge_of(until: date | None, dates: TimeArray) -> ModelKnowledge | None:
    """What a model may have read of judged bars; None if its texts end before them.

    Args:
        until: Date of the latest text that the model was trained on; None if it is unknown.
        dates: Opens of the judged bars, UTC, [bar].
    """
    if until is None:
        return ModelKnowledge(None, len(dates))
    bars = int((dates < np.datetime64(until) + np.timedelta64(1, "D")).sum())
    return ModelKnowledge(until.isoformat(), bars) if bars else None
