"""The figures that describe a committee on the bars of the verdict."""

import math
from dataclasses import dataclass

import numpy as np
from pydantic import ConfigDict, FiniteFloat

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.mean_difference import FEWEST_SEEDS
from fxai.evaluation.seed_statistics import interquartile_mean
from fxai.evaluation.sharpe_tests import minimum_track_record, probabilistic_sharpe, sharpe_sample
from fxai.evaluation.whole_error import estimate
from fxai.market.bars import FloatArray

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class BoundedFigure:
    """A figure with its one-sided bounds over seeds and stretches of market; None where it cannot be given."""

    __pydantic_config__ = _STRICT

    value: FiniteFloat | None
    lower: FiniteFloat | None
    upper: FiniteFloat | None


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """A committee on the bars of the verdict, after costs. Figures that are undefined are None."""

    __pydantic_config__ = _STRICT

    seeds: int  # members of the committee
    total_return: FiniteFloat  # of the committee
    interquartile_mean_return: FiniteFloat  # per bar, over the members' mean returns
    sharpe: BoundedFigure  # annualized, of the committee
    probabilistic_sharpe: FiniteFloat | None  # probability that the committee's true Sharpe ratio is above 0
    minimum_bars: FiniteFloat | None  # minimum track record length of the committee against a Sharpe ratio of 0


def agent_figures(agent: CommitteeReturns, bars_per_year: float, confidence: float) -> AgentFigures:
    """The figures of a committee.

    The probabilistic Sharpe ratio and the minimum track record length hold the error of the bars alone.

    Args:
        agent: The committee.
        bars_per_year: For annualized figures.
        confidence: Of each one-sided bound, and of the minimum track record length.
    """
    sample = sharpe_sample(agent.committee)
    return AgentFigures(
        seeds=agent.seeds,
        total_return=total_return(agent.committee),
        interquartile_mean_return=interquartile_mean(agent.members.mean(axis=1).tolist()),
        sharpe=_sharpe(agent, bars_per_year, confidence),
        probabilistic_sharpe=None if sample is None else probabilistic_sharpe(sample),
        minimum_bars=None if sample is None else minimum_track_record(sample, confidence=confidence),
    )


def total_return(returns: FloatArray) -> float:
    """Final equity / initial equity - 1 of returns [bar]; equity never falls below zero."""
    return float(np.prod(np.maximum(1.0 + returns, 0.0)) - 1.0)


def annual_sharpe(returns: FloatArray, bars_per_year: float) -> float | None:
    """Annualized Sharpe ratio of returns [bar]; None if they do not vary."""
    sample = sharpe_sample(returns)
    return None if sample is None else sample.sharpe * math.sqrt(bars_per_year)


def _sharpe(agent: CommitteeReturns, bars_per_year: float, confidence: float) -> BoundedFigure:
    rows = agent.sharpe_around_committee(bars_per_year)
    if rows is None:
        return BoundedFigure(None, None, None)
    found = estimate(rows)
    if agent.seeds < FEWEST_SEEDS:
        return BoundedFigure(found.value, None, None)
    return BoundedFigure(found.value, found.lower_bound(confidence), found.upper_bound(confidence))
