"""The returns of a committee and of its members on the same bars, with the error of a committee's value.

A committee is one agent: it acts by the mean of its members' action probabilities, so its returns are not the mean of
the members' returns. Another committee would have other seeds. Its error over seeds is taken to be that of the members'
mean: the members' returns are moved so that their mean is the return of the committee in each bar. The value of the
moved rows is the committee's, their market error is the committee's, and their seed error is the members'. On given
bars the committee's own spread over seeds is larger, because it votes. That spread comes from disagreement bar by bar,
which the market error of a difference of two committees holds too: see the committees that vote in
`benchmarks/verdict_calibration.py`.
"""

import math
from dataclasses import dataclass

import numpy as np

from fxai.errors import InputError
from fxai.evaluation.sharpe_tests import sharpe_sample
from fxai.market.bars import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CommitteeReturns:
    """Returns of the bars of one span after costs: equity at the end of a bar over equity before it, minus 1."""

    committee: FloatArray  # [bar]
    members: FloatArray  # [seed, bar]; each member trades alone

    def __post_init__(self) -> None:
        """Checks the shapes.

        Raises:
            InputError: If the members have other bars than the committee, or a return is not finite.
        """
        if self.members.ndim != 2 or self.members.shape[1:] != self.committee.shape or not self.members.size:  # noqa: PLR2004
            raise InputError(
                f"the members' returns have the shape {self.members.shape}, the committee's {self.committee.shape}; "
                "they must be [seed, bar] and [bar] with the same bars, at least one of each"
            )
        if not (np.isfinite(self.members).all() and np.isfinite(self.committee).all()):
            raise InputError("the returns of a committee or of its members are not all finite")

    @property
    def bars(self) -> int:
        """The number of bars."""
        return len(self.committee)

    @property
    def seeds(self) -> int:
        """The number of members."""
        return len(self.members)

    @property
    def is_flat(self) -> bool:
        """Whether the committee never earns or loses anything, as an agent that never trades."""
        return not self.committee.any()

    def around_committee(self) -> FloatArray:
        """The members' returns moved to have the committee's mean in each bar, [seed, bar]."""
        moved: FloatArray = self.members - self.members.mean(axis=0) + self.committee
        return moved

    def sharpe_around_committee(self, bars_per_year: float) -> FloatArray | None:
        """Rows whose mean is the committee's annualized Sharpe ratio, [seed, bar].

        Each value is the ratio plus the influence of the bar's return on it (delta method), so that the error of the
        rows' mean is the error of the ratio. None if the committee's returns do not vary.
        """
        sample = sharpe_sample(self.committee)
        if sample is None:
            return None
        mean, deviation, ratio = float(self.committee.mean()), float(self.committee.std(ddof=1)), sample.sharpe
        squares = ((self.committee - mean) ** 2 / deviation**2 - (self.bars - 1) / self.bars) / 2
        influence = (self.around_committee() - mean) / deviation - ratio * squares
        rows: FloatArray = (ratio + influence) * math.sqrt(bars_per_year)
        return rows
