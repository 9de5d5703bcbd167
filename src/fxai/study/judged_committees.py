"""What a verdict needs of the committees that it compares, whatever they are made of."""

from dataclasses import dataclass
from typing import Protocol

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.instrument_figures import InstrumentFigures
from fxai.evaluation.model_knowledge import ModelKnowledge
from fxai.evaluation.position_baselines import PositionBaselines
from fxai.market.bars import TimeArray


@dataclass(frozen=True, slots=True, eq=False)
class ComparedCommittees:
    """What the committees of the winner and of the default earned on the judged bars."""

    winner: CommitteeReturns
    default: CommitteeReturns
    dates: TimeArray  # opens of the bars that are judged
    bars_per_year: float
    baselines: PositionBaselines  # of the winner
    instruments: tuple[InstrumentFigures, ...] = ()  # of data with several, whose portfolio is judged
    knowledge: ModelKnowledge | None = None  # of a language model that may have read later texts


class JudgedCommittees(Protocol):
    """The committees of the winner and of the default, and the bars on which they are judged."""

    @property
    def data(self) -> str:
        """What the bars are, for texts."""

    @property
    def data_hash(self) -> str: ...

    @property
    def split(self) -> str:
        """Name of the bars: test, or all bars of other data."""

    @property
    def uses_test_split(self) -> bool: ...

    @property
    def searched_bars_per_year(self) -> float:
        """Of the bars on which the search scored its trials."""

    def compare(self) -> ComparedCommittees:
        """Let both committees trade. The look at the bars is recorded before."""
