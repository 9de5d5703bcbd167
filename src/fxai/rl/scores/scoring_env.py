"""The environment that scores an agent: the study's, with what belongs to the agent."""

from fxai.spec.fields.env_config import EnvConfig


def scoring_env_of(base: EnvConfig, own: EnvConfig) -> EnvConfig:
    """The base environment with the agent's observation window, positions, decisions, stop loss and take profit.

    With `sizing: units` the agent's positions are scaled to the `max_position` of the base environment. Short positions
    need the permission of both environments.
    """
    is_scaled = own.sizing == "units" and own.max_position != base.max_position
    of_agent = {
        "observation_window": own.observation_window,
        "positions": own.target_positions if is_scaled else own.positions,
        "actions": own.actions,
        "step_gap": own.step_gap,
        "stop_loss": own.stop_loss,
        "take_profit": own.take_profit,
        "allow_short": base.allow_short and own.allow_short,
    }
    return base.model_copy(update=of_agent)


def lowest_action(own: EnvConfig, base: EnvConfig) -> int:
    """The lowest action of an agent. Lower ones are replaced by it, because the agent may not be short.

    Args:
        own: Environment of the agent's training.
        base: Environment that scores.
    """
    if own.actions == "increment" or (own.allow_short and base.allow_short):
        return 0
    return own.target_positions.index(0.0)
