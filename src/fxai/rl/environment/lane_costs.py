"""Costs of the lanes on each instrument of a market."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.market.rules.rule_records import Rules
from fxai.market.rules.rules import rules_of
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig


class LaneCosts:
    """The costs of each lane on each instrument, as tensors."""

    def __init__(self, configs: Sequence[EnvConfig], market: MarketTensors) -> None:
        names, stops = market.table.charged_instruments(configs)
        like, has_spread = market.quotes, market.table.has_spread
        rules = [[rules_of(config, has_spread=has_spread, instrument=name) for name in names] for config in configs]
        costs = [[_costs_of(each) for each in lane] for lane in rules]
        self.differ = len(names) > 1  # whether they may differ between bars
        self.has_swap = any(long or short for lane in costs for _, _, long, short in lane)
        self._costs = like.new_tensor(costs)  # [lane, instrument, 4]
        self._stops = torch.tensor(stops, device=like.device)
        self._lanes = torch.arange(len(configs), device=like.device)[:, None]

    @property
    def of_first(self) -> tuple[Tensor, ...]:
        """As `at`, for the first instrument, each [lane, 1]."""
        return self._costs[:, :1].unbind(-1)

    def at(self, bar: Tensor) -> tuple[Tensor, ...]:
        """Returns adverse move, commission, swap of a long and of a short position at bars [lane, env], as `bar`."""
        instrument = torch.bucketize(bar, self._stops, right=True)
        return self._costs[self._lanes, instrument].unbind(-1)


def _costs_of(rules: Rules) -> tuple[float, float, float, float]:
    return rules.fixed_adverse_move, rules.commission_rate, rules.swap_long_rate, rules.swap_short_rate
