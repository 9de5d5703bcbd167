"""Headlines of instruments, and the findings of reading them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import ReadingNote, TimeArray


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """Headlines in the order of their publication; every array and tuple but `names` is [headline]."""

    names: tuple[str, ...]  # of the instruments
    instrument: NDArray[np.int64]  # index in `names`
    published: TimeArray  # first moment at which the headline is known, UTC, datetime64[ns]
    titles: tuple[str, ...]
    summaries: tuple[str, ...]  # empty text without one
    content_hash: str  # SHA-256 of the files

    def __len__(self) -> int:
        return len(self.titles)

    def at(self, places: NDArray[np.int64]) -> "News":
        """The headlines at these places."""
        chosen = places.tolist()
        return replace(
            self,
            instrument=self.instrument[places],
            published=self.published[places],
            titles=tuple(self.titles[place] for place in chosen),
            summaries=tuple(self.summaries[place] for place in chosen),
        )


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """Rows of the files of news."""

    read: int
    without_title: int  # dropped
    without_instrument: int  # dropped; the file has instruments in other rows
    repeated: int  # dropped: instrument, time and title of an earlier row
    dates_alone: int  # kept, with a date and no time of day

    @property
    def kept(self) -> int:
        return self.read - self.without_title - self.without_instrument - self.repeated


@dataclass(frozen=True, slots=True, eq=False)
class NewsReading:
    """News with the findings of reading them."""

    news: News
    counts: ReadCounts
    columns: Mapping[str, str]  # the file's name of each column that was read
    notes: tuple[ReadingNote, ...] = ()
