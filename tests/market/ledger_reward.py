"""The reward of one step in the ledger: twelve terms, each a coefficient of `env.reward` times a plain figure.

All figures are fractions of equity (0.01 is one percent), shares, or counts of steps, so a reward has
no currency and does not depend on the size of the account. A trade's gain is the equity now over the
equity before the trade was opened, minus 1: spread, slippage, commission and swap are in it. Gains are
known at the closes of bars; what happens within a bar is not seen.

A term is off when its coefficient is 0. Terms of a state (holding, giveback, worst loss, drawdown) are
paid at every step for which the state lasts; terms of an event (closing, opening, bankruptcy) once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fxai.spec.fields.env_config import RewardConfig


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade from its opening fill to now, or to the fill that closed it."""

    gain: float  # fraction of the equity before it was opened, net of all costs so far
    best: float  # highest gain at a bar's close so far, at least 0
    worst: float  # lowest gain at a bar's close so far, at most 0
    held: int  # steps; 1 at the close of the bar that it was opened in


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What the reward is made of; `open_trade`, `drawdown` are those of the step's last moment."""

    step_return: float  # equity after the step over equity before it, minus 1
    drawdown: float  # 1 - equity / its peak in this episode
    terminated: bool
    fills: int  # 0; 1 for opening or closing; 2 for a flip; one more for a closing within the bar
    opened: bool
    closed: Trade | None  # the trade that the agent closed in this step
    exited: Trade | None  # the trade that a stop loss or a take profit closed in this step
    open_trade: Trade | None

    @property
    def ended_trades(self) -> list[Trade]:
        """The trades that were closed in this step, by the agent or within the bar."""
        return [trade for trade in (self.closed, self.exited) if trade is not None]


def pnl(step: StepFigures, reward: RewardConfig) -> float:
    """`pnl_coefficient` * step return: at 100, one unit per percent earned."""
    return reward.pnl_coefficient * step.step_return


def holding(step: StepFigures, reward: RewardConfig) -> float:
    """-`holding_penalty_coefficient` * (steps held beyond `max_holding_time_steps`, as a share of them)."""
    if step.open_trade is None:
        return 0.0
    limit = reward.max_holding_time_steps
    return -reward.holding_penalty_coefficient * max(0.0, step.open_trade.held / limit - 1.0)


def drawdown(step: StepFigures, reward: RewardConfig) -> float:
    """-`drawdown_penalty_coefficient` * drawdown: at 5, a drawdown of 1 % costs 0.05 a step."""
    return -reward.drawdown_penalty_coefficient * step.drawdown


def bankruptcy(step: StepFigures, reward: RewardConfig) -> float:
    """-`bankruptcy_penalty_coefficient`, once, when the drawdown limit ends the episode."""
    return -reward.bankruptcy_penalty_coefficient if step.terminated else 0.0


def profit_giveback(step: StepFigures, reward: RewardConfig) -> float:
    """-`profit_giveback_penalty_coefficient` * the gain given back beyond what is allowed.

    Of its best gain a trade may give back the share `profit_giveback_threshold`; what lies below counts,
    down to a gain of 0: losses are the business of other terms. In fractions of equity.
    """
    if step.open_trade is None:
        return 0.0
    kept = (1.0 - reward.profit_giveback_threshold) * step.open_trade.best
    return -reward.profit_giveback_penalty_coefficient * max(0.0, kept - max(step.open_trade.gain, 0.0))


def max_drawdown(step: StepFigures, reward: RewardConfig) -> float:
    """-`max_drawdown_penalty_coefficient` * (worst loss of the open trade beyond the threshold).

    Despite its name `max_drawdown_threshold_percent` is a fraction of equity: 0.01 is one percent.
    """
    if step.open_trade is None:
        return 0.0
    excess = -step.open_trade.worst - reward.max_drawdown_threshold_percent
    return -reward.max_drawdown_penalty_coefficient * max(0.0, excess)


def profit_closing(step: StepFigures, reward: RewardConfig) -> float:
    """`profit_closing_bonus_coefficient` * the gain of a trade closed in profit."""
    return reward.profit_closing_bonus_coefficient * sum(max(0.0, trade.gain) for trade in step.ended_trades)


def clean_trade(step: StepFigures, reward: RewardConfig) -> float:
    """`clean_trade_coefficient` * m gain / (1 + m gain), with m the `base_multiplier`.

    For a closed trade whose gain passed `min_gain_threshold` while its worst loss stayed within
    `max_mae_threshold`. It is bounded by the coefficient; a gain of 1 / m earns half of it.
    """
    paid = 0.0
    for trade in step.ended_trades:
        if trade.gain > reward.min_gain_threshold and -trade.worst <= reward.max_mae_threshold:
            scaled = reward.base_multiplier * trade.gain
            paid += reward.clean_trade_coefficient * scaled / (1.0 + scaled)
    return paid


def activity(step: StepFigures, reward: RewardConfig) -> float:
    """`activity_bonus_per_trade` for each trade opened."""
    return reward.activity_bonus_per_trade if step.opened else 0.0


def hold(step: StepFigures, reward: RewardConfig) -> float:
    """-`hold_penalty_per_step` for a step that keeps the position, whether open or flat."""
    return -reward.hold_penalty_per_step if step.fills == 0 else 0.0


def action(step: StepFigures, reward: RewardConfig) -> float:
    """-`action_penalty_coefficient` for each fill; a flip is two."""
    return -reward.action_penalty_coefficient * step.fills


def quick_profit(step: StepFigures, reward: RewardConfig) -> float:
    """`quick_profit_bonus_coefficient` * gain * (share of `max_holding_time_steps` not used), if closed in profit."""
    paid = 0.0
    for trade in step.ended_trades:
        unused = max(0.0, 1.0 - trade.held / reward.max_holding_time_steps)
        paid += reward.quick_profit_bonus_coefficient * max(0.0, trade.gain) * unused
    return paid


TERMS: tuple[Callable[[StepFigures, RewardConfig], float], ...] = (
    pnl,
    holding,
    drawdown,
    bankruptcy,
    profit_giveback,
    max_drawdown,
    profit_closing,
    clean_trade,
    activity,
    hold,
    action,
    quick_profit,
)


def step_reward(step: StepFigures, reward: RewardConfig) -> float:
    """The sum of all terms."""
    return sum(term(step, reward) for term in TERMS)
