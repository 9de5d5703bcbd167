"""Random markets and configurations, for tests that hold the rules of trading to the ledger."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.sessions import session_codes
from fxai.spec.fields.env_config import EnvConfig, RewardConfig
from fxai.spec.fields.session_config import WEEK, SessionConfig
from market.ledger import Prices

BARS = 60
LEVELS = 4  # of the book


class RandomMarket:
    """A random market and random configurations; numbers come from one seed, so that ties do not happen."""

    def __init__(self, seed: int, *, own_spread: bool = True) -> None:
        self.rng = np.random.default_rng(seed)
        steps = self.rng.normal(0, 10 ** self.rng.uniform(-3.5, -1), size=(2, BARS))
        self.close = np.exp(np.cumsum(steps.sum(axis=0)))
        self.open = self.close * np.exp(-steps[0])
        self.time = np.datetime64("2024-01-05", "ns") + np.arange(BARS) * np.timedelta64(1, "h")
        self.nights = self.rng.integers(0, 4, BARS)
        self.scale = float(steps.std())  # of a bar's move
        reach = np.abs(self.rng.normal(0, self.scale, size=(2, BARS)))
        self.high = np.maximum(self.open, self.close) * np.exp(reach[0])
        self.low = np.minimum(self.open, self.close) * np.exp(-reach[1])
        self.spread = self.open * self.rng.uniform(0, 0.01, BARS) if own_spread else None
        distances = np.cumsum(self.rng.uniform(0, 0.004, size=(BARS, 2, LEVELS)), axis=2)
        self.book = np.stack([distances, self.rng.uniform(0, 1.2, size=(BARS, 2, LEVELS))], axis=3)

    def config(self, window: int = 3, **changes: Any) -> EnvConfig:
        def rate(high: float, low: float = 0.0) -> float:
            return float(self.rng.uniform(low, high))

        def coefficient(high: float) -> float:
            return rate(high) if self.rng.random() < 0.7 else 0.0

        reward = RewardConfig(
            pnl_coefficient=coefficient(300),
            holding_penalty_coefficient=coefficient(8),
            max_holding_time_steps=int(self.rng.integers(1, 8)),
            drawdown_penalty_coefficient=coefficient(25),
            bankruptcy_penalty_coefficient=coefficient(100),
            profit_giveback_penalty_coefficient=coefficient(8),
            profit_giveback_threshold=rate(1),
            max_drawdown_penalty_coefficient=coefficient(30),
            max_drawdown_threshold_percent=rate(0.02),
            profit_closing_bonus_coefficient=coefficient(250),
            clean_trade_coefficient=coefficient(80),
            base_multiplier=rate(200),
            min_gain_threshold=rate(0.01),
            max_mae_threshold=rate(0.02),
            activity_bonus_per_trade=coefficient(0.1),
            hold_penalty_per_step=coefficient(0.05),
            action_penalty_coefficient=coefficient(1),
            quick_profit_bonus_coefficient=coefficient(5),
        )
        values = {
            "max_episode_steps": int(self.rng.integers(2, 40)),
            "observation_window": window,
            "position_size": rate(20, 0.1),
            "allow_short": bool(self.rng.random() < 0.7),
            "drawdown_limit": rate(1, 0.05),
            "spread": rate(0.01),
            "slippage_rate": rate(0.005),
            "commission_rate": rate(0.005),
            "swap_long_rate": rate(0.001, -0.001),
            "swap_short_rate": rate(0.001, -0.001),
            "reward": reward,
        }
        return EnvConfig.model_validate(values | changes)

    def positions(self) -> tuple[float, ...] | None:
        """A random list of target positions, or none."""
        if self.rng.random() < 0.3:
            return None
        sizes = self.rng.uniform(-1, 1, int(self.rng.integers(1, 7))).round(3)
        return tuple(sorted({0.0, 0.5, *sizes.tolist()}))

    def stops(self) -> dict[str, Any]:
        """Random distances of a stop loss and a take profit, or none, on the scale of a bar's move."""

        def distance() -> float | None:
            return min(self.scale * float(self.rng.uniform(0.2, 5)), 0.99) if self.rng.random() < 0.6 else None

        return {"stop_loss": distance(), "take_profit": distance()}

    def margin(self) -> dict[str, Any]:
        """A random leverage and stop-out level, or none."""
        if self.rng.random() < 0.5:
            return {}
        return {"leverage": float(self.rng.uniform(1, 25)), "stop_out_level": float(self.rng.uniform(0.05, 0.95))}

    def trading(self) -> dict[str, Any]:
        """A random kind of actions, sizing and fill; all lanes of an environment have the same."""
        ways: dict[str, Any] = {
            "actions": str(self.rng.choice(["target", "increment"])),
            "fill": str(self.rng.choice(["open", "mid_with_slippage"])),
        }
        if self.rng.random() < 0.3:
            return ways | {"positions": self.positions()}
        ways["fill"] = str(self.rng.choice(["open", "mid_with_slippage", "walk_the_book"]))
        return ways | {"sizing": "units", "max_position": int(self.rng.integers(1, 4)), "position_size": 1.0}

    def cash(self, sizing: str = "units") -> dict[str, Any]:
        """An initial cash of which units of the market are a small or a large part; none without units."""
        return {"initial_cash": float(self.open[0] * self.rng.uniform(0.5, 20))} if sizing == "units" else {}

    def units_or_shares(self) -> dict[str, Any]:
        """As `trading`, with an initial cash."""
        ways = self.trading()
        return ways | self.cash(ways.get("sizing", "equity_share"))

    def orders(self, steps: int, *shape: int, positions: tuple[float, ...] | None = None) -> NDArray[np.int64]:
        """Actions [step, ...] that often repeat, so that trades last."""
        return self.actions_of(len(positions or (-1, 0, 1)), steps, *shape)

    def actions_of(self, count: int, steps: int, *shape: int) -> NDArray[np.int64]:
        """As `orders`, for a number of actions."""
        fresh = self.rng.integers(0, count, (steps, *shape))
        for step in range(1, steps):
            fresh[step] = np.where(self.rng.random(shape) < 0.6, fresh[step - 1], fresh[step])
        return fresh

    def hours(self) -> dict[str, Any]:
        """Random sessions and whether positions are closed at their ends, or none."""
        if self.rng.random() < 0.5:
            return {}
        start, length = int(self.rng.integers(0, 24)), int(self.rng.integers(1, 12))
        session = {
            "start": f"{start:02d}:00",
            "end": f"{(start + length) % 24:02d}:00",
            "timezone": "UTC",
            "days": WEEK,
        }
        return {"sessions": session, "flat_by_close": bool(self.rng.random() < 0.6)}

    def prices(self, sessions: tuple[SessionConfig, ...] | None = None) -> Prices:
        """The market as the ledger reads it."""
        half_spread = None if self.spread is None else (self.spread / (2 * self.open)).tolist()
        return Prices(
            self.open.tolist(),
            self.close.tolist(),
            self.nights.tolist(),
            half_spread,
            self.high.tolist(),
            self.low.tolist(),
            None if sessions is None else session_codes(self.time, sessions).tolist(),
            [
                {
                    sign: [(self.open[bar] * (1 + sign * move), units) for move, units in self.book[bar, side]]
                    for side, sign in ((0, 1), (1, -1))
                }
                for bar in range(BARS)
            ],
        )

    def quotes(self, sessions: tuple[SessionConfig, ...] | None = None) -> QuoteTable:
        """The market as the rules read it."""
        table = QuoteTable.of(
            open=self.open, close=self.close, nights=self.nights, spread=self.spread, high=self.high, low=self.low
        )
        codes = None if sessions is None else session_codes(self.time, sessions)
        return replace(table, sessions=codes, book=self.book)
