"""Builds the observation of an agent from bars and an account, for programs that trade by an agent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError, InputError
from fxai.market.bars import Bars
from fxai.market.features.standardizer import Standardizer
from fxai.market.markets.dataset import prepare_unsplit
from fxai.rl.environment.account_features import ACCOUNT_FEATURES, HALF_HELD
from fxai.spec.fields.training_config import TrainingConfig

Observation = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account as an agent observes it; by default without position and drawdown.

    `gain` is that of the open trade so far, after costs: its profit divided by the notional that a position of 1 had
    when the trade was opened; 0 without a trade.
    """

    position: float = 0  # one of the agent's positions: by default -1 short, 0 flat, 1 long
    gain: float = 0.0  # see below
    held: int = 0  # bars since the open trade was opened
    drawdown: float = 0.0  # fall of the equity from its peak, as a fraction of the peak

    def __post_init__(self) -> None:
        if not -1 <= self.position <= 1:
            raise InputError(f"position must be a number from -1 (short) to 1 (long), not {self.position}")

    def features(self) -> tuple[float, ...]:
        """Returns the columns ACCOUNT_FEATURES, scaled as by `MarketView`."""
        return float(self.position), 100.0 * self.gain, self.held / (self.held + HALF_HELD), 10.0 * self.drawdown


def bars_needed(config: TrainingConfig, standardizer: Standardizer) -> int:
    """Returns the least number of bars for an observation."""
    has_volume = any(name == "volume" or name.endswith("_volume") for name in standardizer.names)
    before = config.data.longest_window(has_volume=has_volume)
    return before + config.env.observation_window


def observation_of(bars: Bars, account: AccountView, config: TrainingConfig, standardizer: Standardizer) -> Observation:
    """Returns the observation [window, feature + 4] at the close of the last bar, as in training.

    Raises:
        DataError: There are fewer bars than the agent needs.
        InputError: The position of the account is none of the agent's.
    """
    if account.position not in (*config.env.target_positions, *config.env.held_positions):
        known = ", ".join(f"{each:g}" for each in config.env.target_positions)
        raise InputError(f"position must be one of the agent's positions ({known}), not {account.position}")
    needed = bars_needed(config, standardizer)
    if len(bars) < needed:
        raise DataError(f"{bars.name} has {len(bars)} bars; the observation of this agent needs the last {needed}")
    market, span = prepare_unsplit(bars, config.data, standardizer)
    window = config.env.observation_window
    if len(span) < window:
        raise DataError(f"{bars.name} has {len(span)} bars with all features; the observation needs the last {window}")
    observation = np.zeros((window, market.features.shape[1] + len(ACCOUNT_FEATURES)), np.float32)
    observation[:, : market.features.shape[1]] = market.features[-window:]
    observation[-1, market.features.shape[1] :] = account.features()
    return observation
