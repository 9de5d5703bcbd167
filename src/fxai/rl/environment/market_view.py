"""What an agent sees of a market: the last bars, and its account in the row of the last one.

An observation is [window, feature + 4]: the rows are the last `observation_window` bars, oldest
first, so that a flattened one feeds an MLP and the rows are tokens of a transformer. The last row,
which is now, also carries the account; in the rows before it these four columns are 0:
position; gain of the open trade in percent of its notional; steps held over (steps held + 24);
drawdown in tens of percent. None of them depends on the reward's coefficients or the episode's
length, so an agent reads the same in the environment that scores it as in the one it learns in.
The steps left are not shown: an episode is cut for bookkeeping, the market goes on.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.rl.environment.account import Accounts
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig

ACCOUNT_FEATURES = ("position", "gain", "held", "drawdown")
HALF_HELD = 24.0  # bars after which the feature of the holding time stands at one half


class MarketView:
    """The windows of a market's bars, and the scales of what each lane's account shows."""

    def __init__(self, market: MarketTensors, configs: Sequence[EnvConfig]) -> None:
        """Raises ValueError for configs that differ in their window."""
        if len({config.observation_window for config in configs}) != 1:
            raise ValueError("all lanes of an environment share one observation_window")
        window, features = configs[0].observation_window, market.features
        self.shape = (window, features.shape[1] + len(ACCOUNT_FEATURES))
        self.rows = features.new_zeros(len(features) + window - 1, self.shape[1])
        """[row, column]: what is seen at a bar begins at the row of its number; the account's columns are 0.

        The first bars, whose window is not full, see rows of zeros.
        """
        self.rows[window - 1 :, : features.shape[1]] = features
        self._windows = self.rows.flatten().unfold(0, window * self.shape[1], self.shape[1])  # overlapping views
        factors = [(1.0, 100.0 / config.position_size, 1.0, 10.0) for config in configs]
        self.scales = torch.tensor(factors, dtype=market.dtype, device=market.device)
        """[lane, 4]: they bring the account's features to the size of standardized ones."""

    def seen(self, bar: Tensor, account: Accounts) -> Tensor:
        """Observations [lane, env, window, column] at bars [lane, env] with accounts [lane, env]."""
        observation = self._windows[bar].reshape(*bar.shape, *self.shape)
        columns = (account.position, account.gain, account.held / (account.held + HALF_HELD), account.drawdown)
        observation[..., -1, -len(columns) :] = torch.stack(columns, dim=-1) * self.scales[:, None]
        return observation
