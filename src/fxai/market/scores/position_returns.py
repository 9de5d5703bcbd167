"""Returns and trades of given positions over the bars of a market, by the rules of `rules.py`, as a compiled loop."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.market.markets.dataset import Market
from fxai.market.rules.book import NO_BOOK, with_book
from fxai.market.rules.compiled import Array, compiled
from fxai.market.rules.quotes import QuoteTable, quote_at
from fxai.market.rules.reward import reward_numbers
from fxai.market.rules.rule_records import IN_SESSION, Account, Quote
from fxai.market.rules.rules import renew, rules_of, take_step
from fxai.market.rules.sessions import NO_SESSIONS, SessionCodes
from fxai.market.scores.scored_steps import ScoredSteps
from fxai.spec.fields.env_config import EnvConfig

_HALF_SPREAD = Quote._fields.index("half_spread")
_COSTS = ("fixed_adverse_move", "commission_rate")  # fields of `Rules` that a fill pays

Record: TypeAlias = Any


@compiled
def _fill_steps(  # noqa: PLR0917 - numba takes no keywords
    quotes: Array,
    sessions: Array,
    book: Array,
    begins: Array,
    rules: Array,
    rewards: Array,
    positions: Array,
    accounts: Array,
    steps: Array,
) -> None:
    """Fills `steps` [field, bar], the fields of `ScoredSteps`.

    Args:
        quotes: [bar, 7].
        sessions: [bar], or empty without sessions.
        book: Levels that orders take, as `book_levels`; empty if no order takes them.
        begins: Whether an episode begins at the bar, [bar].
        rules: One record.
        rewards: One record.
        positions: Wanted positions, [bar].
        accounts: One record, changed.
        steps: Filled; zeros before.
    """
    bars = len(positions)
    account = accounts[0]
    terminated = True
    for bar in range(bars):
        if begins[bar]:
            renew(account)
            terminated = False
        if not terminated:
            code = sessions[bar] if len(sessions) > 0 else IN_SESSION
            quote = quote_at(quotes, bar, code)
            is_last = bar == bars - 1 or begins[bar + 1]
            if rules[0].largest_units > 0:
                quote = with_book(quote, book, bar, account, rules[0], positions[bar])
            step = take_step(account, rules[0], rewards[0], quote, positions[bar], is_last, True)
            steps[0, bar] = step.reward
            steps[1, bar] = step.step_return
            steps[2, bar] = step.turnover
            for ended, gain in (
                (step.closed, step.closed_gain),
                (step.settled, step.settled_gain),
                (step.exited, step.exit_gain),
            ):
                if ended:
                    steps[3, bar] += 1
                    steps[4, bar] += gain > 0
            terminated = step.terminated


@dataclass(frozen=True, slots=True, eq=False)
class PositionReturns:
    """Computes the returns of positions on the same bars and in the same episodes."""

    quotes: FloatArray  # [bar, 7], the fields of Quote before `session`
    sessions: SessionCodes  # [bar], or empty without sessions
    book: FloatArray  # levels that orders take, or `NO_BOOK`
    begins: NDArray[np.bool_]  # [bar]: whether an episode begins at the bar, flat
    has_spread: bool  # whether the market has a spread for each bar
    env: EnvConfig

    @classmethod
    def of_market(
        cls, market: Market, bar: NDArray[np.int64], begins: NDArray[np.bool_], env: EnvConfig
    ) -> "PositionReturns":
        """For bars of a market.

        Args:
            market: The market.
            bar: Indices of consecutive bars, [bar].
            begins: Whether an episode begins at the bar, [bar]; the first bar begins one.
            env: The rules of trading; `max_episode_steps` has no effect.
        """
        table = QuoteTable.of_market(market, env.sessions)
        sessions = NO_SESSIONS if table.sessions is None else table.sessions[bar]
        book = NO_BOOK if table.book is None else table.book[bar]
        return cls(table.rows[bar], sessions, book, begins, table.has_spread, env.of_instrument(market.instrument))

    def __call__(self, positions: FloatArray, *, cost_multiple: float = 1.0) -> FloatArray:
        """Returns [bar] after costs. An open position is closed at the end of its episode.

        Args:
            positions: Wanted positions over the bars, [bar], as fractions of the largest position from -1 to 1.
            cost_multiple: Factor on spread, slippage and commission.
        """
        return self.steps(positions, cost_multiple=cost_multiple).returns

    def steps(self, positions: FloatArray, *, cost_multiple: float = 1.0) -> ScoredSteps:
        """As a call, with rewards, turnover and trades of each bar."""
        rules = rules_of(self.env, has_spread=self.has_spread)._asdict()
        rules |= {name: rules[name] * cost_multiple for name in _COSTS}
        quotes = self.quotes.copy()
        quotes[:, _HALF_SPREAD] *= cost_multiple
        book = self.book * np.array([cost_multiple, 1.0])  # distances; not the units of the levels
        account = dict.fromkeys([each.name for each in fields(Account)], 0.0)
        steps = np.zeros((len(fields(ScoredSteps)), len(positions)))
        records = (_record(rules), _record(reward_numbers(self.env.reward)))
        given = (quotes, self.sessions, book, self.begins, *records, positions.astype(np.float64, copy=False))
        _fill_steps(*given, _record(account), steps)
        return ScoredSteps(*steps)


def load_machine_code() -> None:
    """Loads or compiles the loop, so that processes that are forked from this one need not."""
    count = 2
    quotes, begins = np.zeros((count, Quote._fields.index("session"))), np.arange(count) == 0
    PositionReturns(quotes, NO_SESSIONS, NO_BOOK, begins, has_spread=False, env=EnvConfig())(np.zeros(count))


def _record(numbers: Mapping[str, float]) -> Array:
    """Numbers by name as one record, [1]."""
    return np.array([tuple(numbers.values())], dtype=[(name, np.float64) for name in numbers])
