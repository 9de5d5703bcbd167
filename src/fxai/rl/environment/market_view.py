"""Observations of an agent: the features of the last bars, and its account in the row of the last bar.

An observation is [window, feature + 4]. The rows are the last `observation_window` bars, oldest first; they are
flattened for an MLP and are the tokens of a transformer. The last four columns are 0 except in the last row, where they
describe the account: position; gain of the open trade in percent of the notional of a position of 1; h / (h + 24),
where h is the number of bars held; drawdown in tens of percent. With `sizing: units` the notional is that of
`max_position` units at the close; else it is that of the trade's opening. The columns do not depend on the coefficients
of the reward or the length of the episode, so that observations in training and in scoring are the same. The remaining
steps are not observed, because the end of an episode is no event of the market.
"""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from fxai.rl.environment.account import Accounts
from fxai.rl.environment.account_features import HALF_HELD, account_scales, observation_shape
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig


class MarketView:
    """The windows of a market's bars, and the scales of the account's features in each lane."""

    def __init__(self, market: MarketTensors, configs: Sequence[EnvConfig]) -> None:
        """Creates the view. Raises `ValueError` if the configs have different windows."""
        self._features = market.features
        self._in_units = configs[0].sizing == "units"
        self.shape = observation_shape(market.features.shape[1], configs)
        self._scales = torch.tensor(account_scales(configs), dtype=market.dtype, device=market.device)

    @cached_property
    def _windows(self) -> Tensor:
        """The flat windows of all bars, as overlapping views of a copy of the features with the account's columns.

        The account's columns are 0. The windows of the first bars begin with rows of zeros. The copy is made for
        torch's operations on a GPU only; `rl/kernels` reads the features, which processes may share.
        """
        window, columns = self.shape
        rows = self._features.new_zeros(len(self._features) + window - 1, columns)
        rows[window - 1 :, : self._features.shape[1]] = self._features
        return rows.flatten().unfold(0, window * columns, columns)

    def observation(self, bar: Tensor, account: Accounts) -> Tensor:
        """Returns observations [lane, env, window, column] at bars [lane, env] with accounts [lane, env]."""
        observation = self._windows[bar].reshape(*bar.shape, *self.shape)
        gain = _gain_of_notional(account) if self._in_units else account.gain
        columns = (account.position, gain, account.held / (account.held + HALF_HELD), account.drawdown)
        observation[..., -1, -len(columns) :] = torch.stack(columns, dim=-1) * self._scales[:, None]
        return observation


def _gain_of_notional(account: Accounts) -> Tensor:
    """Returns the profits of open trades divided by the value of a position of 1, [lane, env]; 0 without a trade."""
    is_open = account.value != 0
    value = torch.where(is_open, account.value.abs(), 1.0)
    return torch.where(is_open, account.gain * account.opening_equity * account.position.abs() / value, 0.0)
