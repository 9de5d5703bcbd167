"""The environments of a market in JAX, by the rules that the configuration of `lanes.py` uses.

The order of events is that of `market/rules/rules.py`. What the configuration does not have is left out: sizes of
positions, swap, spreads of bars, stops, sessions, and the terms of the reward that are 0. `JaxMarket.of` refuses a
configuration with one of them. `tests/benchmarks/test_jax_market.py` holds rewards, positions and observations to
those of FxAI step by step.
"""

from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np

from fxai.market.markets.dataset import Market
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rules import rules_of
from fxai.rl.environment.account_features import ACCOUNT_FEATURES, HALF_HELD
from fxai.spec.fields.env_config import SHORT_FLAT_LONG, EnvConfig, RewardConfig

SEARCHED_TERMS = ("pnl_coefficient", "holding_penalty_coefficient", "drawdown_penalty_coefficient")
_OTHER_TERMS = ("bankruptcy_penalty_coefficient", "max_holding_time_steps")


class JaxMarket(NamedTuple):
    """Bars and costs; the arrays are constants of a compiled training."""

    moves: jax.Array  # [bar, 2] float32: open over the close before it, and close over open, minus 1
    windows: jax.Array  # [bar, column] float32: flat observations without the account's columns in the last row
    adverse_move: float  # of a fill, as a fraction of the price
    commission_rate: float
    position_size: float
    drawdown_limit: float

    @classmethod
    def of(cls, market: Market, config: EnvConfig) -> Self:
        """Raises `ValueError` for a configuration whose rules are not implemented here."""
        _check(market, config)
        rules = rules_of(config, has_spread=False, instrument=market.instrument or "")
        table = QuoteTable.of(open=market.open, close=market.close, nights=market.nights)
        return cls(
            moves=jnp.asarray(table.rows[:, :2], jnp.float32),
            windows=jnp.asarray(_windows(market.features, config.observation_window), jnp.float32),
            adverse_move=rules.fixed_adverse_move,
            commission_rate=rules.commission_rate,
            position_size=rules.position_size,
            drawdown_limit=rules.drawdown_limit,
        )

    @property
    def inputs(self) -> int:
        """Numbers of an observation."""
        return int(self.windows.shape[1]) + len(ACCOUNT_FEATURES)


class Coefficients(NamedTuple):
    """The terms of the reward that are used; a searched one may be an array."""

    pnl_coefficient: jax.Array | float
    holding_penalty_coefficient: jax.Array | float
    drawdown_penalty_coefficient: jax.Array | float
    bankruptcy_penalty_coefficient: jax.Array | float
    max_holding_time_steps: jax.Array | float

    @classmethod
    def of(cls, reward: RewardConfig) -> Self:
        return cls(*(float(getattr(reward, name)) for name in cls._fields))


class Account(NamedTuple):
    """Accounts and episodes, each [env]; the fields are those of `rule_records.Account` that are used."""

    bar: jax.Array
    end: jax.Array  # last bar of the episode
    position: jax.Array
    value: jax.Array
    equity: jax.Array
    peak: jax.Array
    drawdown: jax.Array
    opening_equity: jax.Array
    gain: jax.Array
    held: jax.Array


class JaxStep(NamedTuple):
    """The results of a step, each [env]."""

    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array


def fresh(starts: jax.Array, ends: jax.Array) -> Account:
    """Flat accounts with an equity of 1 at the bars `starts`."""
    zero, one = jnp.zeros(starts.shape, jnp.float32), jnp.ones(starts.shape, jnp.float32)
    return Account(starts, ends, zero, zero, one, one, zero, one, zero, zero)


def observe(market: JaxMarket, account: Account) -> jax.Array:
    """Observations [env, column]."""
    gain = (100.0 / market.position_size) * account.gain
    seen = (account.position, gain, account.held / (account.held + HALF_HELD), 10.0 * account.drawdown)
    return jnp.concatenate([market.windows[account.bar], jnp.stack(seen, axis=-1)], axis=-1)


def step(
    market: JaxMarket, reward: Coefficients, account: Account, action: jax.Array, *, close_at_end: bool = False
) -> tuple[Account, JaxStep]:
    """Trades to the target `action - 1` at the next open, and marks the accounts at its close.

    Episodes that end do not begin again here.
    """
    after, change = _traded(market, account, action.astype(jnp.float32) - 1.0)
    terminated = after.drawdown >= market.drawdown_limit
    truncated = (after.bar == after.end) & ~terminated
    if close_at_end:
        costs = jnp.where(terminated | truncated, _closing_costs(market, after.value), 0.0)
        after, change = after._replace(equity=after.equity - costs), change - costs
    overtime = jnp.maximum(after.held / reward.max_holding_time_steps - 1.0, 0.0)
    paid = (
        reward.pnl_coefficient * change / account.equity
        - reward.holding_penalty_coefficient * overtime
        - reward.drawdown_penalty_coefficient * after.drawdown
        - reward.bankruptcy_penalty_coefficient * terminated
    )
    return after, JaxStep(paid, terminated, truncated)


def restart_where(account: Account, ended: jax.Array, starts: jax.Array, ends: jax.Array) -> Account:
    """Accounts that are fresh where `ended`."""
    new = fresh(starts, ends)
    return Account(*(jnp.where(ended, one, other) for one, other in zip(new, account, strict=True)))


def _traded(market: JaxMarket, account: Account, target: jax.Array) -> tuple[Account, jax.Array]:
    """The accounts at the close of the next bar, and the change of their equity."""
    bar = account.bar + 1
    gap, intrabar = market.moves[bar, 0], market.moves[bar, 1]
    trades = target != account.position
    skew = jnp.sign(target - account.position) * market.adverse_move
    price = 1.0 + skew  # of the fills, divided by the open
    gap_pnl = account.value * gap
    held_value = account.value + gap_pnl
    sold = jnp.where(trades, jnp.abs(held_value) * price, 0.0)
    closing = gap_pnl + held_value * skew - market.commission_rate * sold
    closed_equity = account.equity + closing
    whole = jnp.where(trades, market.position_size * jnp.maximum(closed_equity, 0.0), 0.0)
    opened = target * whole / price
    opening = -(opened * skew + market.commission_rate * whole * jnp.abs(target))
    value_at_open = jnp.where(trades, opened, held_value)
    pnl = value_at_open * intrabar
    value, change = value_at_open + pnl, closing + opening + pnl
    equity = account.equity + change
    peak = jnp.maximum(account.peak, equity)
    opening_equity = jnp.where(trades, closed_equity, account.opening_equity)
    holds = value != 0
    marked = Account(
        bar=bar,
        end=account.end,
        position=jnp.where(holds, target, 0.0),
        value=value,
        equity=equity,
        peak=peak,
        drawdown=(peak - equity) / peak,
        opening_equity=opening_equity,
        gain=jnp.where(holds, equity / opening_equity - 1.0, 0.0),
        held=jnp.where(holds, jnp.where(trades, 0.0, account.held) + 1.0, 0.0),
    )
    return marked, change


def _closing_costs(market: JaxMarket, value: jax.Array) -> jax.Array:
    notional = jnp.abs(value) * (1.0 - jnp.sign(value) * market.adverse_move)
    return jnp.abs(value) * market.adverse_move + market.commission_rate * notional


def _windows(features: np.ndarray, window: int) -> np.ndarray:
    """Flat windows [bar, window * columns - 4] with zeros for the account's columns of all rows but the last."""
    rows = np.pad(features, ((window - 1, 0), (0, len(ACCOUNT_FEATURES))))
    flat = np.concatenate([rows[offset : offset + len(features)] for offset in range(window)], axis=1)
    return flat[:, : -len(ACCOUNT_FEATURES)]


def _check(market: Market, config: EnvConfig) -> None:
    used = {"observation_window", "max_episode_steps", "position_size", "drawdown_limit", "reward"}
    costs = {"spread", "slippage_rate", "commission_rate"}
    default = EnvConfig().model_dump(exclude=used | costs)
    others = {name for name, value in config.model_dump(exclude=used | costs).items() if value != default.get(name)}
    reward = RewardConfig().model_dump(exclude={*SEARCHED_TERMS, *_OTHER_TERMS})
    others |= {
        name for name in reward if name.endswith(("coefficient", "step", "trade")) and getattr(config.reward, name)
    }
    if market.spread is not None or others or config.target_positions != SHORT_FLAT_LONG:
        raise ValueError(f"not implemented in JAX: {', '.join(sorted(others)) or 'spreads of bars'}")
