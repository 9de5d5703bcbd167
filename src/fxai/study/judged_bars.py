"""The bars on which a verdict compares committees: of one market, or of several instruments with common dates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.instrument_figures import portfolio
from fxai.evaluation.position_baselines import PositionBaselines, TradedMarket, portfolio_baselines, position_baselines
from fxai.market.bars import TimeArray
from fxai.market.markets.dataset import Market
from fxai.market.reading.read_bars import load_bars
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.market.timestamps.calendar import bars_per_year

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.committee import Committee
    from fxai.rl.agents.evaluation_window import EvaluationWindow

_NAMED = 5  # instruments in a text


@dataclass(frozen=True, slots=True, eq=False)
class JudgedBars:
    """The bars for one committee, standardized for it."""

    committee: "Committee"
    of_each: Mapping[str, tuple["Committee", "EvaluationWindow"]]
    """The committee and its bars on each instrument by name; the name is empty for one market without a name."""

    @property
    def first(self) -> "EvaluationWindow":
        """The bars of the first instrument."""
        return next(iter(self.of_each.values()))[1]

    @property
    def has_instruments(self) -> bool:
        return "" not in self.of_each

    @property
    def data(self) -> str:
        """What the bars are, for texts."""
        if not self.has_instruments:
            return self.first.market.name
        names = list(self.of_each)
        which = f"{', '.join(names[:-1])} and {names[-1]}" if 1 < len(names) <= _NAMED else f"{len(names)} instruments"
        return f"the equal-weight portfolio of {names[0] if len(names) == 1 else which}"

    @property
    def data_hash(self) -> str:
        return self.committee.data_hash if self.has_instruments else self.first.market.content_hash

    @property
    def uses_test_split(self) -> bool:
        """Whether the bars are the test split, which the search does not use."""
        return all(window.uses_test_split for _, window in self.of_each.values())

    def trade(self, data: str | None) -> "Traded":
        """The committee's returns and positions; `data` are those of `judged_bars`."""
        from fxai.rl.agents.committee_steps import committee_steps  # noqa: PLC0415 - slow to load
        from fxai.rl.scores.scoring_env import scoring_env_of  # noqa: PLC0415

        returns, markets = [], []
        for name, (committee, window) in self.of_each.items():
            found, path = committee_steps(committee, window, lambda member: _window(member, data))
            env = scoring_env_of(committee.base_env, committee.config.env)
            returns.append(found)
            markets.append(TradedMarket(name, window.market, path, env))
        return Traded(tuple(returns), tuple(markets))


@dataclass(frozen=True, slots=True, eq=False)
class Traded:
    """What a committee earned and held on the bars of each instrument."""

    of_each: tuple[CommitteeReturns, ...]
    markets: tuple[TradedMarket, ...]

    @property
    def bars(self) -> InstrumentBars | None:
        """The bars of all instruments; None for one market without a name."""
        if not self.markets[0].name:
            return None
        return InstrumentBars(
            names=tuple(each.name for each in self.markets),
            counts=tuple(returns.bars for returns in self.of_each),
            bars_per_year=tuple(each.market.bars_per_year for each in self.markets),
            time=np.concatenate([each.time for each in self.markets]),
        )

    @property
    def dates(self) -> TimeArray:
        """Opens of the bars that are judged, in the order of time."""
        bars = self.bars
        return self.markets[0].time if bars is None else bars.dates()

    @property
    def bars_per_year(self) -> float:
        """Of the bars that are judged."""
        return _dates_per_year([each.market for each in self.markets])

    @property
    def returns(self) -> CommitteeReturns:
        """The returns that decide: of the market, or of the portfolio."""
        bars = self.bars
        return self.of_each[0] if bars is None else portfolio(self.of_each, bars)

    def baselines(self) -> PositionBaselines:
        """The baselines of the committee's positions."""
        first, bars = self.markets[0], self.bars
        if bars is None:
            return position_baselines(first.market, first.path, first.env)
        return portfolio_baselines(self.markets, bars, self.bars_per_year)


def judged_bars(committee: "Committee", data: str | None) -> JudgedBars:
    """The test bars of a committee's training, or other data.

    Args:
        committee: The committee.
        data: A file or a name; None for the test bars.

    Raises:
        DataError: The data cannot be read or have too few bars.
    """
    from fxai.rl.agents.evaluation_window import instrument_windows  # noqa: PLC0415 - slow to load

    if committee.instruments and data is None:
        windows = instrument_windows(committee, "test")
        return JudgedBars(committee, {name: (committee.on(name), window) for name, (_, window) in windows.items()})
    return JudgedBars(committee, {"": (committee, _window(committee, data))})


def _window(agent: "Agent", data: str | None) -> "EvaluationWindow":
    """The test bars of the training of an agent of one instrument, or other data."""
    from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415 - slow to load

    window = evaluation_window(agent, data, "test" if data is None else None)
    # The data of the training by name or path: only their test bars were not used by the search.
    return evaluation_window(agent, data, "test") if window.is_training_data and window.split != "test" else window


def searched_bars_per_year(judged: JudgedBars) -> float:
    """Of the data of the training, which are read again only if the verdict is on other data."""
    if judged.has_instruments or judged.first.is_training_data:
        return _dates_per_year([window.market for _, window in judged.of_each.values()])
    return bars_per_year(load_bars(judged.committee.config.data).time)


def _dates_per_year(markets: Sequence[Market]) -> float:
    """Of a market, or of the times at which any of several markets has a bar."""
    if len(markets) == 1:
        return markets[0].bars_per_year
    return bars_per_year(np.unique(np.concatenate([market.time for market in markets])))
