"""Simulates one episode of trading in Python by the rules of `rules.py`."""

from fxai.market.rules.book import with_book
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rule_records import Account
from fxai.market.rules.rules import EpisodeStep, rules_of, take_step, target_of
from fxai.spec.fields.env_config import EnvConfig


class Simulator:
    """An episode from `start`, the bar whose close the agent observes first, to at most the bar `stop - 1`."""

    def __init__(
        self, market: QuoteTable, config: EnvConfig, start: int, stop: int, *, close_at_end: bool = False
    ) -> None:
        self.account = Account()
        self._rules = rules_of(config, has_spread=market.has_spread, instrument=market.instrument)
        self._reward, self._targets = config.reward, config.target_positions
        self._increments = config.actions == "increment"
        self._close_at_end = close_at_end
        last = min(start + config.max_episode_steps, stop - 1)
        self._quotes = market.between(start + 1, last)
        self._book, self._first = market.book, start + 1
        self._taken = 0

    def step(self, action: int) -> EpisodeStep:
        """Trades and marks the account in the next bar of the episode; `action` is that of `target_of`."""
        quote, bar = self._quotes[self._taken], self._first + self._taken
        self._taken += 1
        is_last = self._taken == len(self._quotes)
        target = target_of(action, self._increments, self._targets, self.account.position)
        if self._book is not None and self._rules.largest_units > 0:
            quote = with_book(quote, self._book, bar, self.account, self._rules, target)
        return take_step(self.account, self._rules, self._reward, quote, target, is_last, self._close_at_end)
