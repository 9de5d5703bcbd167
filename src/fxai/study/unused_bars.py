"""Checks that the bars of other data can judge a study's winner: the search did not use them, and they are as long."""

from typing import TYPE_CHECKING

import numpy as np

from fxai.errors import DataError, InputError
from fxai.market.bars import Bars
from fxai.market.features.features import warm_up_of
from fxai.market.markets.dataset import Market
from fxai.market.reading.read_bars import load_bars
from fxai.market.splits.splits import split

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent

_PRICES = ("open", "high", "low", "close")
_TOLERANCE = 1e-9  # relative; files round prices
_SAME_LENGTH = 0.01  # largest relative difference


def check_unused_bars(agent: "Agent", market: Market) -> None:
    """Check other data against the training data. Training data that cannot be read, or have changed, are not checked.

    Args:
        agent: An agent of the study.
        market: Bars that are not the training data.

    Raises:
        DataError: The search used some of the bars, or the bars are shorter or longer than those of the training.
    """
    try:
        trained = load_bars(agent.config.data)
    except InputError:
        return
    if trained.content_hash != agent.data_hash:
        return
    own, other = _length(trained.time), _length(market.time)
    if abs(own - other) > _SAME_LENGTH * own:
        raise DataError(
            f"{market.name} has bars of {_duration(other)}, and the agents were trained on bars of {_duration(own)}; "
            "use bars of the same length"
        )
    _check_shared(agent, trained, market)


def _check_shared(agent: "Agent", trained: Bars, market: Market) -> None:
    config = agent.config.data
    used = split(trained.time, config.split, warm_up_of(trained, config)).validation.stop
    _, place, of_market = np.intersect1d(trained.time[:used], market.time, assume_unique=True, return_indices=True)
    equal = np.ones(len(place), bool)
    for name in _PRICES:
        prices, others = getattr(trained, name)[place], getattr(market, name)[of_market]
        equal &= np.isclose(prices, others, rtol=_TOLERANCE, atol=0)
    shared = market.time[of_market[equal]]
    if len(shared):
        first, last = np.datetime_as_string(shared[[0, -1]], unit="m", timezone="UTC")
        raise DataError(
            f"{market.name} has {len(shared):,} bars that the search used, from {first} to {last}; a verdict needs "
            "bars that the search did not use. Remove the bars up to that time"
        )


def _length(time: np.ndarray) -> float:
    """The most frequent time between two bars, in seconds."""
    steps, counts = np.unique(np.diff(time), return_counts=True)
    return float(steps[counts.argmax()] / np.timedelta64(1, "s"))


def _duration(seconds: float) -> str:
    hours, minutes = seconds / 3600, seconds / 60
    return f"{hours:g} h" if hours >= 1 else f"{minutes:g} min"
