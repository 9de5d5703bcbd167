"""Observations of an agent: the features of the last bars, and its account in the row of the last bar.

An observation is [window, feature + 4]. The rows are the last `observation_window` bars, oldest first; they are
flattened for an MLP and are the tokens of a transformer. The last four columns are 0 except in the last row, where
they describe the account: position; gain of the open trade in percent of its notional; h / (h + 24), where h is the
number of steps held; drawdown in tens of percent. They do not depend on the coefficients of the reward or the length of
the episode, so that observations in training and in scoring are the same. The remaining steps are not observed, because
the end of an episode is no event of the market.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.rl.environment.account import Accounts
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig

ACCOUNT_FEATURES = ("position", "gain", "held", "drawdown")
HALF_HELD = 24.0  # bars after which the feature of the holding time is one half


class MarketView:
    """The windows of a market's bars, and the scales of the account's features in each lane."""

    def __init__(self, market: MarketTensors, configs: Sequence[EnvConfig]) -> None:
        """Creates the view. Raises `ValueError` if the configs have different windows."""
        if len({config.observation_window for config in configs}) != 1:
            raise ValueError("all lanes of an environment must have the same observation_window")
        window, features = configs[0].observation_window, market.features
        self.shape = (window, features.shape[1] + len(ACCOUNT_FEATURES))
        self.rows = features.new_zeros(len(features) + window - 1, self.shape[1])
        """[row, column]: the window of a bar begins at the row of the bar's index; the account's columns are 0.

        The windows of the first bars begin with rows of zeros.
        """
        self.rows[window - 1 :, : features.shape[1]] = features
        self._windows = self.rows.flatten().unfold(0, window * self.shape[1], self.shape[1])  # overlapping views
        factors = [(1.0, 100.0 / config.position_size, 1.0, 10.0) for config in configs]
        self.scales = torch.tensor(factors, dtype=market.dtype, device=market.device)
        """[lane, 4]: factors that bring the account's features to the size of standardized features."""

    def observation(self, bar: Tensor, account: Accounts) -> Tensor:
        """Returns observations [lane, env, window, column] at bars [lane, env] with accounts [lane, env]."""
        observation = self._windows[bar].reshape(*bar.shape, *self.shape)
        columns = (account.position, account.gain, account.held / (account.held + HALF_HELD), account.drawdown)
        observation[..., -1, -len(columns) :] = torch.stack(columns, dim=-1) * self.scales[:, None]
        return observation
