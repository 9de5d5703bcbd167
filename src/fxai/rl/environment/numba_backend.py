"""The market's environments on a CPU, stepped by a loop that numba compiles.

With torch a step is a hundred operations. On a CPU the overhead of these calls is many times the time of the
computation for the few environments of a pack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fxai.market.rules.book import NO_BOOK
from fxai.market.rules.compiled import Array
from fxai.market.rules.reward import reward_numbers
from fxai.market.rules.rule_records import Account
from fxai.market.rules.rules import EpisodeStep, rules_of
from fxai.market.rules.sessions import NO_SESSIONS
from fxai.rl.environment.account import Accounts
from fxai.rl.environment.account_features import HALF_HELD
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.lane_costs import instruments_of
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.market_view import MarketView
from fxai.rl.environment.step_result import MarketStep
from fxai.rl.kernels import Environments, MarketArrays, begin_episodes, market_observation, market_step
from fxai.rl.lanes.state import prefixed, without_prefix
from fxai.spec.fields.env_config import EnvConfig

_TARGETS = ("least_target", "largest_target")
_ACCOUNT = tuple(field.name for field in fields(Account))
_MARKS = tuple(name for name, kind in EpisodeStep.__annotations__.items() if kind is bool)
_FIGURES = tuple(name for name in EpisodeStep._fields if name not in _MARKS)
_PLACES = {name: place for names in (_MARKS, _FIGURES) for place, name in enumerate(names)}


class NumbaBackend:
    """Steps the environments one after the other; see `market_env.MarketBackend`."""

    def __init__(
        self, market: MarketTensors, view: MarketView, configs: Sequence[EnvConfig], *, close_at_end: bool
    ) -> None:
        self._view, self._like = view, market.quotes
        names, stops = instruments_of(configs, market)
        rules = [self._rules_of(config, name, has_spread=market.has_spread) for config in configs for name in names]
        codes = market.session_codes(configs[0].sessions)
        self._market = MarketArrays(
            quotes=market.quotes.numpy(),
            features=view.features.numpy(),
            scales=view.scales.numpy(),
            sessions=NO_SESSIONS if codes is None else codes.numpy(),
            book=NO_BOOK.astype(market.quotes.numpy().dtype) if market.book is None else market.book.numpy(),
            rules=_records(rules).reshape(len(configs), len(names)),
            stops=np.array(stops),
            rewards=_records([reward_numbers(config.reward) for config in configs]),
            targets=market.quotes.new_tensor(configs[0].target_positions).numpy(),  # of the accounts' precision
            gaps=np.array([config.step_gap for config in configs]),
            half_held=HALF_HELD,
            in_units=view.in_units,
            increments=configs[0].actions == "increment",
            close_at_end=close_at_end,
        )

    def _rules_of(self, config: EnvConfig, instrument: str, *, has_spread: bool) -> dict[str, float]:
        """Returns the rules of a lane, with targets of the accounts' precision: a target that is held is no order."""
        rules = rules_of(config, has_spread=has_spread, instrument=instrument)
        bounds = {name: self._like.new_tensor(getattr(rules, name)).item() for name in _TARGETS}
        return rules._asdict() | bounds

    def begin(self, starts: Tensor, ends: Tensor) -> Tensor:
        fresh = Accounts.fresh(torch.empty_like(starts, dtype=self._like.dtype))
        return self.restore({"bar": starts, "end": ends, **prefixed("account.", fresh.tensors())})

    def step(self, action: Tensor, episodes: Episodes) -> MarketStep:
        final_observation = self._like.new_empty(*action.shape, *self._view.shape)
        figures, marks = self._new_step()
        environments, ended = self._environments(figures, marks), np.empty(1, np.bool_)
        market_step(self._market, environments, action.numpy(), ended, final_observation.numpy())
        if ended[0]:
            starts, ends = episodes.next()
            begin_episodes(environments, starts.numpy(), ends.numpy())
            observation = self._observation()
        else:
            observation = final_observation
            episodes.skip()

        def column(name: str) -> Tensor:
            return marks[..., _PLACES[name]] if name in _MARKS else figures[..., _PLACES[name]]

        return MarketStep(
            observation=observation,
            final_observation=final_observation,
            reward=column("reward"),
            terminated=column("terminated"),
            truncated=column("truncated"),
            column=column,
        )

    def state(self) -> dict[str, Tensor]:
        accounts = dict(zip(_ACCOUNT, self._accounts.unbind(-1), strict=True))
        return {"bar": self._bar, "end": self._end, **prefixed("account.", accounts)}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        account = Accounts.of_state(without_prefix("account.", state))
        self._bar, self._end = state["bar"].clone(), state["end"].clone()
        self._accounts = torch.stack([getattr(account, name) for name in _ACCOUNT], dim=-1)
        return self._observation()

    def arrays(self) -> tuple[MarketArrays, Environments]:
        """Returns the market and the state of the environments, for a loop that takes steps itself."""
        return self._market, self._environments(*self._new_step())

    def _new_step(self) -> tuple[Tensor, Tensor]:
        """Returns memory for the figures and the marks of a step."""
        figures = self._like.new_empty(*self._bar.shape, len(_FIGURES))
        return figures, torch.empty(*self._bar.shape, len(_MARKS), dtype=torch.bool)

    def _environments(self, figures: Tensor, marks: Tensor) -> Environments:
        accounts, step = _named(_ACCOUNT, self._accounts), (_named(_FIGURES, figures), _named(_MARKS, marks))
        return Environments(self._bar.numpy(), self._end.numpy(), accounts, *step)

    def _observation(self) -> Tensor:
        observation = self._like.new_empty(*self._bar.shape, *self._view.shape)
        market_observation(*self.arrays(), observation.numpy())
        return observation


def _records(lanes: Sequence[Mapping[str, float]]) -> Array:
    """Returns numbers by name as records [lane]."""
    return np.array([tuple(lane.values()) for lane in lanes], dtype=[(name, np.float64) for name in lanes[0]])


def _named(names: tuple[str, ...], numbers: Tensor) -> Array:
    """Returns numbers [lane, env, name] as records [lane, env], in the same memory."""
    array = numbers.numpy()
    return array.view(_record_type(names, array.dtype))[..., 0]


@cache
def _record_type(names: tuple[str, ...], number: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype([(name, number) for name in names])
