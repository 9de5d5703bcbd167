"""Strategies beside the winner on the same bars, after the same costs: they show what its decisions add.

Random trading has the winner's positions shifted in time, circularly: as many trades of the same lengths, at other
times. Holding and constant positions are the best known simple rules. The break-even cost multiple and the share of the
best days show on how little a profit depends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, FiniteFloat

from fxai.evaluation.agent_figures import annual_sharpe, total_return
from fxai.market.bars import FloatArray, TimeArray
from fxai.market.markets.dataset import Market
from fxai.market.scores.baselines import baselines, returns_of_equity
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.market.scores.portfolio_returns import PortfolioReturns
from fxai.market.scores.position_returns import PositionReturns
from fxai.spec.fields.env_config import EnvConfig

SHIFTS = 1000
BEST_DAYS = 5
_LARGEST_MULTIPLE = 1000.0
_BISECTIONS = 60
_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class StrategyFigures:
    """A strategy on the bars of the verdict, after costs."""

    __pydantic_config__ = _STRICT

    mean_return: FiniteFloat  # per bar
    total_return: FiniteFloat
    sharpe: FiniteFloat | None  # annualized; None if the returns do not vary


@dataclass(frozen=True, slots=True)
class RandomTrading:
    """The winner's positions at other times."""

    __pydantic_config__ = _STRICT

    shifts: int
    mean_return: FiniteFloat  # per bar, mean over shifts
    low: FiniteFloat  # 5 % quantile of the mean returns of the shifts
    high: FiniteFloat  # 95 % quantile
    p_value: FiniteFloat  # share of shifts whose mean return is at least the winner's, the winner itself counted


@dataclass(frozen=True, slots=True)
class PositionBaselines:
    """The baselines of one committee."""

    __pydantic_config__ = _STRICT

    flat: StrategyFigures
    buy_and_hold: StrategyFigures
    sell_and_hold: StrategyFigures | None  # None if short positions are not allowed
    best_constant_position: FiniteFloat  # of the winner's targets, in hindsight; held in its episodes without stops
    best_constant: StrategyFigures
    random: RandomTrading | None  # None with fewer than two bars, and if the winner never trades
    break_even_cost_multiple: FiniteFloat | None
    """Factor on spread, slippage and commission at which the winner's mean return is 0.

    None if the mean return without costs is not above 0, and if the factor is above 1,000 or there are no costs.
    """
    best_days_share: (
        FiniteFloat | None
    )  # sum of returns of the five best days / sum of all; None unless that is above 0


@dataclass(frozen=True, slots=True, eq=False)
class PositionPath:
    """The positions of an agent over consecutive bars."""

    bar: NDArray[np.int64]  # [bar]: index of the bar in the market
    begins: NDArray[np.bool_]  # [bar]: whether an episode begins at the bar, flat
    held: FloatArray  # [bar], as a fraction of `position_size`


@dataclass(frozen=True, slots=True, eq=False)
class TradedMarket:
    """The market of one instrument and what an agent held on it."""

    name: str  # of the instrument; empty without a name
    market: Market
    path: PositionPath
    env: EnvConfig  # the environment that scores, with what belongs to the winner

    @property
    def time(self) -> TimeArray:
        """Opens of the bars of the path."""
        return self.market.time[self.path.bar]

    def returns(self, *, without_stops: bool = False) -> PositionReturns:
        """Computes returns of positions on the bars of the path."""
        env = self.env.without_stops() if without_stops else self.env
        return PositionReturns.of_market(self.market, self.path.bar, self.path.begins, env)

    def held(self) -> Mapping[str, FloatArray]:
        """Returns [bar] of the strategies that hold one position."""
        first, last = int(self.path.bar[0]), int(self.path.bar[-1])
        curves = baselines(self.market, first, last, self.env)
        return {name: returns_of_equity(curve) for name, curve in curves.items()}


class ReturnsOfPositions(Protocol):
    """Computes returns after costs from positions, as `PositionReturns`."""

    def __call__(self, positions: FloatArray, *, cost_multiple: float = 1.0) -> FloatArray: ...


def position_baselines(
    market: Market, path: PositionPath, env: EnvConfig, *, seed: int = 0, shifts: int = SHIFTS
) -> PositionBaselines:
    """The baselines of the winner's positions.

    Args:
        market: The market.
        path: Positions of the winner's committee.
        env: The environment that scores, with what belongs to the winner (`scoring_env_of`).
        seed: Seed of the drawn shifts.
        shifts: Number of shifts; all that there are if there are fewer.
    """
    return portfolio_baselines([TradedMarket("", market, path, env)], None, market.bars_per_year, seed, shifts)


def portfolio_baselines(
    traded: Sequence[TradedMarket],
    bars: InstrumentBars | None,
    bars_per_year: float,
    seed: int = 0,
    shifts: int = SHIFTS,
) -> PositionBaselines:
    """The baselines of the winner's positions on several instruments: those of the equal-weight portfolio.

    Random trading shifts the positions on all instruments by the same number of bars.

    Args:
        traded: The instruments. All have the same target positions.
        bars: The bars of all paths; None for one market.
        bars_per_year: Of the portfolio.
        seed: Seed of the drawn shifts.
        shifts: Number of shifts; all that there are if there are fewer.
    """

    def returns_in(markets: Sequence[PositionReturns]) -> ReturnsOfPositions:
        return markets[0] if bars is None else PortfolioReturns.of(markets, bars)

    returns_of = returns_in([each.returns() for each in traded])
    parts = [each.path.held for each in traded]
    positions = np.concatenate(parts)
    returns = returns_of(positions)

    def mean_at(shift: int) -> float:
        return float(returns_of(np.concatenate([np.roll(part, shift) for part in parts])).mean())

    strategies = [each.held() for each in traded]
    joined = {name: np.concatenate([each[name] for each in strategies]) for name in strategies[0]}
    curves = {
        name: strategy_figures(of_all if bars is None else bars.portfolio(of_all), bars_per_year)
        for name, of_all in joined.items()
    }
    holds = returns_in([each.returns(without_stops=True) for each in traded])
    allowed = traded[0].env.allowed_positions
    constants = {position: holds(np.full(len(positions), position)) for position in allowed}
    best = max(constants, key=lambda position: (float(constants[position].mean()), position == 0))
    return PositionBaselines(
        flat=curves["flat"],
        buy_and_hold=curves["buy_and_hold"],
        sell_and_hold=curves.get("sell_and_hold"),
        best_constant_position=best,
        best_constant=strategy_figures(constants[best], bars_per_year),
        random=(
            random_trading(mean_at, min(map(len, parts)), float(returns.mean()), seed, shifts)
            if positions.any()
            else None
        ),
        break_even_cost_multiple=break_even_cost_multiple(returns_of, positions),
        best_days_share=best_days_share(returns, traded[0].time if bars is None else bars.dates()),
    )


def break_even_cost_multiple(returns_of: ReturnsOfPositions, positions: FloatArray) -> float | None:
    """See `PositionBaselines`; found by bisection."""

    def gain(multiple: float) -> float:
        return float(returns_of(positions, cost_multiple=multiple).mean())

    if gain(0.0) <= 0:
        return None
    low, high = 0.0, 1.0
    while gain(high) > 0:
        low, high = high, 2 * high
        if high > _LARGEST_MULTIPLE:
            return None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) > 0 else (low, middle)
    return low


def best_days_share(returns: FloatArray, time: TimeArray) -> float | None:
    """Sum of the returns of the five best days / sum of all returns; None if that sum is not above 0.

    Args:
        returns: Returns [bar].
        time: The bar's open, UTC, [bar]. A day is a date in UTC.
    """
    total = float(returns.sum())
    if total <= 0:
        return None
    _, day = np.unique(time.astype("datetime64[D]"), return_inverse=True)
    of_days = np.bincount(day, weights=returns)
    return float(np.sort(of_days)[-BEST_DAYS:].sum()) / total


def random_trading(
    mean_at: Callable[[int], float], bars: int, winner: float, seed: int, shifts: int
) -> RandomTrading | None:
    """The winner's positions at other times; None with fewer than two bars.

    Args:
        mean_at: Mean return of the positions shifted by a number of bars, circularly.
        bars: Number of bars after which a shift is the first one again.
        winner: Mean return of the winner.
        seed: Seed of the drawn shifts.
        shifts: Number of shifts; all that there are if there are fewer.
    """
    if bars < 2:  # noqa: PLR2004
        return None
    count = min(shifts, bars - 1)
    drawn = np.random.default_rng(seed).choice(bars - 1, size=count, replace=False) + 1
    means = np.array([mean_at(shift) for shift in drawn.tolist()])
    low, high = np.quantile(means, [0.05, 0.95]).tolist()
    p_value = (1 + int((means >= winner).sum())) / (1 + count)
    return RandomTrading(count, float(means.mean()), low, high, p_value)


def strategy_figures(returns: FloatArray, bars_per_year: float) -> StrategyFigures:
    """The figures of returns [bar]."""
    return StrategyFigures(
        mean_return=float(returns.mean()),
        total_return=total_return(returns),
        sharpe=annual_sharpe(returns, bars_per_year),
    )
