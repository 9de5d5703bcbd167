"""Returns of the equal-weight portfolio of several instruments, for given positions on each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.market.scores.position_returns import PositionReturns


@dataclass(frozen=True, slots=True, eq=False)
class PortfolioReturns:
    """Computes the returns of positions on the bars of all instruments, as `PositionReturns` on those of one."""

    of_each: tuple[PositionReturns, ...]  # of each instrument
    ends: tuple[int, ...]  # the joined index after the last bar of each instrument but the last one
    date: NDArray[np.int64]  # index of the date of each joined bar, [bar]

    @classmethod
    def of(cls, of_each: Sequence[PositionReturns], bars: InstrumentBars) -> "PortfolioReturns":
        """From the returns of each instrument and the bars of all."""
        ends = np.cumsum(bars.counts)[:-1].tolist()
        return cls(tuple(of_each), tuple(ends), np.concatenate(bars.places()))

    def __call__(self, positions: FloatArray, *, cost_multiple: float = 1.0) -> FloatArray:
        """Returns [date] after costs: the mean over the instruments, of which one without a bar on a date adds 0.

        Args:
            positions: Wanted positions over the bars of one instrument after those of the other, [bar].
            cost_multiple: Factor on spread, slippage and commission.
        """
        parts = zip(self.of_each, np.split(positions, self.ends), strict=True)
        joined = np.concatenate([returns_of(part, cost_multiple=cost_multiple) for returns_of, part in parts])
        means: FloatArray = np.bincount(self.date, joined) / len(self.of_each)
        return means
