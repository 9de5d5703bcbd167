"""The reward of one step: the sum of twelve terms, each a coefficient of `env.reward` times a quantity.

All quantities are fractions of equity (0.01 is one percent), shares, or counts of steps, so a reward has no currency
and does not depend on the size of the account. The gain of a trade is the current equity divided by the equity before
the trade was opened, minus 1, with spread, slippage, commission and swap. Gains are computed at the closes of bars.

A term is off if its coefficient is 0. Terms of a state (holding, giveback, worst loss, drawdown) apply at every step
of the state; terms of an event (closing, opening, bankruptcy) once.

As for `rules.py`, numba compiles these functions, and the torch backend of `rl` implements the same terms for GPUs.
"""

from typing import NamedTuple

from fxai.market.rules.stops import Exit
from fxai.spec.fields.env_config import RewardConfig


class StepFigures(NamedTuple):
    """The quantities of the reward; those of the account are marked at the step's close."""

    step_return: float  # equity after the step over equity before it, minus 1
    drawdown: float  # 1 - equity / its peak in this episode
    gain: float  # of the open trade: fraction of the equity before it was opened, net of all costs so far; else 0
    best: float  # highest gain of the open trade at a bar's close so far, at least 0; else 0
    worst: float  # lowest gain of the open trade at a bar's close so far, at most 0; else 0
    held: float  # steps of the open trade, 1 at the close of the bar that it was opened in; else 0
    closed_gain: float  # of the trade that the agent closed in this step; else 0
    closed_worst: float  # lowest gain of the closed trade at a bar's close, at most 0
    closed_held: float  # steps of the closed trade
    opened: bool
    closed: bool  # by the agent
    resized: bool  # the agent changed the size of the open trade
    terminated: bool
    exit: Exit  # the closing of a trade within the bar, by a stop loss or a take profit


def reward_numbers(reward: RewardConfig) -> dict[str, float]:
    """Returns the fields of a reward that `step_reward` reads, by name, for compiled loops."""
    return {**reward.model_dump(), "is_shaped": float(reward.is_shaped)}


def step_reward(step: StepFigures, reward: RewardConfig) -> float:
    """Returns the sum of all terms."""
    if not reward.is_shaped:
        return pnl(step, reward) + bankruptcy(step, reward)
    of_state = (
        holding(step, reward) + drawdown(step, reward) + profit_giveback(step, reward) + max_drawdown(step, reward)
    )
    of_closing = of_trade(step.closed_gain, step.closed_worst, step.closed_held, reward)
    if step.exit.price != 0:
        of_closing += of_trade(step.exit.gain, step.exit.worst, step.exit.held, reward)
    of_fills = activity(step, reward) + hold(step, reward) + action(step, reward)
    return pnl(step, reward) + of_state + of_closing + of_fills + bankruptcy(step, reward)


def of_trade(gain: float, worst: float, held: float, reward: RewardConfig) -> float:
    """Returns the sum of the terms of a closed trade, with its gain, the lowest gain at a close, and its steps."""
    return profit_closing(gain, reward) + clean_trade(gain, worst, reward) + quick_profit(gain, held, reward)


def pnl(step: StepFigures, reward: RewardConfig) -> float:
    """`pnl_coefficient` * step return: at 100, one unit per percent earned."""
    return reward.pnl_coefficient * step.step_return


def holding(step: StepFigures, reward: RewardConfig) -> float:
    """-`holding_penalty_coefficient` * (steps held beyond `max_holding_time_steps`, as a share of them)."""
    overtime = step.held / reward.max_holding_time_steps - 1.0
    return -reward.holding_penalty_coefficient * max(overtime, 0.0)


def drawdown(step: StepFigures, reward: RewardConfig) -> float:
    """-`drawdown_penalty_coefficient` * drawdown: at 5, a drawdown of 1 % costs 0.05 a step."""
    return -reward.drawdown_penalty_coefficient * step.drawdown


def bankruptcy(step: StepFigures, reward: RewardConfig) -> float:
    """-`bankruptcy_penalty_coefficient`, once, when the drawdown limit ends the episode."""
    return -reward.bankruptcy_penalty_coefficient if step.terminated else 0.0


def profit_giveback(step: StepFigures, reward: RewardConfig) -> float:
    """-`profit_giveback_penalty_coefficient` * the gain given back beyond the allowed share, a fraction of equity.

    A trade may give back the share `profit_giveback_threshold` of its best gain. The excess counts down to a gain of
    0; losses are penalized by other terms.
    """
    given_back = (1.0 - reward.profit_giveback_threshold) * step.best - max(step.gain, 0.0)
    return -reward.profit_giveback_penalty_coefficient * max(given_back, 0.0)


def max_drawdown(step: StepFigures, reward: RewardConfig) -> float:
    """-`max_drawdown_penalty_coefficient` * (worst loss of the open trade beyond the threshold).

    Despite its name `max_drawdown_threshold_percent` is a fraction of equity: 0.01 is one percent.
    """
    excess = -step.worst - reward.max_drawdown_threshold_percent
    return -reward.max_drawdown_penalty_coefficient * max(excess, 0.0)


def profit_closing(gain: float, reward: RewardConfig) -> float:
    """`profit_closing_bonus_coefficient` * the gain of a trade closed in profit."""
    return reward.profit_closing_bonus_coefficient * max(gain, 0.0)


def clean_trade(gain: float, worst: float, reward: RewardConfig) -> float:
    """`clean_trade_coefficient` * m gain / (1 + m gain), where m is `base_multiplier`.

    It applies to a closed trade whose gain exceeds `min_gain_threshold` and whose worst loss is within
    `max_mae_threshold`. It is bounded by the coefficient; a gain of 1 / m earns half of it.
    """
    profit = max(gain, 0.0)
    if profit > reward.min_gain_threshold and -worst <= reward.max_mae_threshold:
        scaled = reward.base_multiplier * profit
        return reward.clean_trade_coefficient * scaled / (1.0 + scaled)
    return 0.0


def activity(step: StepFigures, reward: RewardConfig) -> float:
    """`activity_bonus_per_trade` for each trade opened."""
    return reward.activity_bonus_per_trade if step.opened else 0.0


def hold(step: StepFigures, reward: RewardConfig) -> float:
    """-`hold_penalty_per_step` for a step that keeps the position, whether open or flat."""
    has_fill = step.opened or step.closed or step.resized or step.exit.price != 0
    return 0.0 if has_fill else -reward.hold_penalty_per_step


def action(step: StepFigures, reward: RewardConfig) -> float:
    """-`action_penalty_coefficient` for each fill; a flip is two, a change of size is one."""
    fills = step.opened + step.closed + step.resized + (step.exit.price != 0)
    return -reward.action_penalty_coefficient * fills


def quick_profit(gain: float, held: float, reward: RewardConfig) -> float:
    """`quick_profit_bonus_coefficient` * gain * (share of `max_holding_time_steps` not used), if closed in profit."""
    unused = max(1.0 - held / reward.max_holding_time_steps, 0.0)
    return reward.quick_profit_bonus_coefficient * max(gain, 0.0) * unused
