"""The market's environments as arrays, which compiled loops step.

With torch a step is a hundred operations. On a CPU the overhead of these calls is many times the time of the
computation for the few environments of a pack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np

from fxai.market.rules.book import NO_BOOK
from fxai.market.rules.compiled import Array
from fxai.market.rules.reward import reward_numbers
from fxai.market.rules.rule_records import Account
from fxai.market.rules.rules import EpisodeStep, rules_of
from fxai.market.rules.sessions import NO_SESSIONS
from fxai.rl.environment.account_features import HALF_HELD, account_scales, observation_shape
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.kernels import Environments, MarketArrays, market_observation
from fxai.rl.lanes.state import prefixed, without_prefix
from fxai.spec.fields.env_config import EnvConfig

ACCOUNT = tuple(field.name for field in fields(Account))
MARKS = tuple(name for name, kind in EpisodeStep.__annotations__.items() if kind is bool)
FIGURES = tuple(name for name in EpisodeStep._fields if name not in MARKS)
_TARGETS = ("least_target", "largest_target")
_AT_ONE = ("equity", "peak", "opening_equity")  # figures of a fresh account that are 1; the others are 0


class CompiledMarket:
    """Environments [lane, env], each with an account and a current bar of an episode."""

    def __init__(self, table: MarketTable, configs: Sequence[EnvConfig], *, close_at_end: bool) -> None:
        """Prepares the environments, which `begin` or `restore` starts.

        Args:
            table: The market.
            configs: The configuration of each lane.
            close_at_end: Whether a position that is open at the end of an episode is closed.
        """
        self._kind = table.quotes.dtype
        names, stops = table.charged_instruments(configs)
        rules = [self._rules_of(config, name, has_spread=table.has_spread) for config in configs for name in names]
        codes = table.session_codes(configs[0].sessions)
        self.shape = observation_shape(table.features.shape[1], configs)
        self.arrays = MarketArrays(
            quotes=table.quotes,
            features=table.features,
            scales=np.array(account_scales(configs), self._kind),
            sessions=NO_SESSIONS if codes is None else codes,
            book=NO_BOOK.astype(self._kind) if table.book is None else table.book,
            rules=_records(rules).reshape(len(configs), len(names)),
            stops=np.array(stops),
            rewards=_records([reward_numbers(config.reward) for config in configs]),
            targets=np.array(configs[0].target_positions, self._kind),  # of the accounts' precision
            gaps=np.array([config.step_gap for config in configs]),
            half_held=HALF_HELD,
            in_units=configs[0].sizing == "units",
            increments=configs[0].actions == "increment",
            close_at_end=close_at_end,
        )

    def _rules_of(self, config: EnvConfig, instrument: str, *, has_spread: bool) -> dict[str, float]:
        """Returns the rules of a lane, with targets of the accounts' precision: a target that is held is no order."""
        rules = rules_of(config, has_spread=has_spread, instrument=instrument)
        bounds = {name: self._kind.type(getattr(rules, name)).item() for name in _TARGETS}
        return rules._asdict() | bounds

    def begin(self, starts: Array, ends: Array) -> None:
        """Begins episodes from first to last bars [lane, env] with fresh accounts."""
        accounts = {name: np.full(starts.shape, name in _AT_ONE, self._kind) for name in ACCOUNT}
        self.restore({"bar": starts, "end": ends, **prefixed("account.", accounts)})

    def environments(self) -> Environments:
        """Returns the state of the environments, with new memory for the results of a step."""
        figures = np.empty((*self._bars.shape, len(FIGURES)), self._kind)
        marks = np.empty((*self._bars.shape, len(MARKS)), np.bool_)
        results = _named(FIGURES, figures), _named(MARKS, marks)
        return Environments(self._bars, self._ends, _named(ACCOUNT, self._accounts), *results)

    def observation(self) -> Array:
        """Returns the observations [lane, env, window, column]."""
        observation = np.empty((*self._bars.shape, *self.shape), self._kind)
        market_observation(self.arrays, self.environments(), observation)
        return observation

    def state(self) -> dict[str, Array]:
        """Returns the arrays that change between steps. They are valid until the next step."""
        accounts = dict(zip(ACCOUNT, np.moveaxis(self._accounts, -1, 0), strict=True))
        return {"bar": self._bars, "end": self._ends, **prefixed("account.", accounts)}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Copies a state. Those of earlier releases have no `account.entry_value`, which is then 0."""
        accounts = {"entry_value": np.zeros_like(state["account.value"]), **without_prefix("account.", state)}
        self._bars, self._ends = state["bar"].copy(), state["end"].copy()
        self._accounts = np.stack([accounts[name] for name in ACCOUNT], axis=-1)


def _records(lanes: Sequence[Mapping[str, float]]) -> Array:
    """Returns numbers by name as records [lane]."""
    return np.array([tuple(lane.values()) for lane in lanes], dtype=[(name, np.float64) for name in lanes[0]])


def _named(names: tuple[str, ...], numbers: Array) -> Array:
    """Returns numbers [lane, env, name] as records [lane, env], in the same memory."""
    return numbers.view(_record_type(names, numbers.dtype))[..., 0]


@cache
def _record_type(names: tuple[str, ...], number: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype([(name, number) for name in names])
