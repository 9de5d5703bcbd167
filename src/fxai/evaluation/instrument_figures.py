"""What the committees of a verdict earn on each of several instruments. The portfolio of all decides the verdict.

An agent trades each instrument with a capital of its own. Signals are traded as one portfolio, and the figures of an
instrument are what it adds to the portfolio.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import ConfigDict, FiniteFloat

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.position_baselines import StrategyFigures, strategy_figures
from fxai.market.bars import FloatArray
from fxai.market.scores.instrument_scores import InstrumentBars


@dataclass(frozen=True, slots=True)
class InstrumentFigures:
    """The committees on one instrument, after costs."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    name: str
    bars: int
    agent: StrategyFigures  # of the best trial
    default: StrategyFigures
    to_default: FiniteFloat  # mean return per bar minus that of the default
    of_portfolio: bool = False  # whether the returns are of the portfolio's capital, of which the instrument has a part


def portfolio(of_each: Sequence[CommitteeReturns], bars: InstrumentBars) -> CommitteeReturns:
    """The returns of a committee on the equal-weight portfolio, on each date on which an instrument has a bar.

    Args:
        of_each: The returns on each instrument.
        bars: The bars of all of them.
    """
    committee = np.concatenate([each.committee for each in of_each])
    members = np.concatenate([each.members for each in of_each], axis=1)
    return CommitteeReturns(bars.portfolio(committee), bars.portfolio(members))


def instrument_figures(
    winner: Sequence[CommitteeReturns], default: Sequence[CommitteeReturns], bars: InstrumentBars
) -> tuple[InstrumentFigures, ...]:
    """The figures on each instrument.

    Args:
        winner: The returns of the winner's committee on each instrument.
        default: Those of the default's committee on the same bars.
        bars: The bars of all instruments.
    """
    return tuple(
        figures_on(name, per_year, own.committee, other.committee)
        for name, per_year, own, other in zip(bars.names, bars.bars_per_year, winner, default, strict=True)
    )


def figures_on(
    name: str, bars_per_year: float, winner: FloatArray, default: FloatArray, *, of_portfolio: bool = False
) -> InstrumentFigures:
    """The figures on one instrument.

    Args:
        name: Of the instrument.
        bars_per_year: Of its bars.
        winner: The returns of the winner's committee on its bars, [bar].
        default: Those of the default's committee, [bar].
        of_portfolio: As of `InstrumentFigures`.
    """
    agent, of_default = (strategy_figures(each, bars_per_year) for each in (winner, default))
    to_default = agent.mean_return - of_default.mean_return
    return InstrumentFigures(name, len(winner), agent, of_default, to_default, of_portfolio)


def explained(found: Sequence[InstrumentFigures]) -> str:
    """What the figures are, for the text above them."""
    what = "What each instrument adds to the portfolio" if found[0].of_portfolio else "Each instrument"
    return f"{what}, which describes and decides nothing"
