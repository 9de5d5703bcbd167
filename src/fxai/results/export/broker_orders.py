"""The part of an export's README about the orders that the broker holds for the agent."""

from collections.abc import Iterator

from fxai.spec.fields.env_config import EnvConfig


def broker_orders(env: EnvConfig) -> Iterator[str]:
    """The paragraphs in Markdown; none for an agent without stop loss and take profit."""
    distances = {"stop loss": env.stop_loss, "take profit": env.take_profit}
    sides = {"stop loss": "below it for a long position, above it for a short one", "take profit": "on the other side"}
    if env.take_profit is not None and env.stop_loss is None:
        sides["take profit"] = "above it for a long position, below it for a short one"
    lines = [
        f"- {name}: {100 * distance:.6g} % from the average entry price, {sides[name]}"
        for name, distance in distances.items()
        if distance is not None
    ]
    if not lines:
        return
    yield "## Orders with the broker"
    yield (
        "The agent was trained and scored with orders that the broker holds. Place them with each order that opens a "
        "position, and move them when a later order changes the average entry price:"
    )
    yield "\n".join(lines)
    yield (
        "When one of them is filled, cancel the other one. The position is then flat (0) in the agent's observation, "
        "and its next decision is an order for the next open, also if it is the same as before."
    )
