"""The part of an export's README about what the trader does besides the agent's decisions: stops and sessions."""

from collections.abc import Iterator

from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.session_config import SessionConfig


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
    cancel = "When one of them is filled, cancel the other one. " if len(lines) > 1 else ""
    yield (
        f"{cancel}After such a fill the position is flat (0) in the agent's observation, and the agent's next decision "
        "is an order for the next open, also if it is the same as before."
    )


def trading_hours(env: EnvConfig) -> Iterator[str]:
    """The paragraphs in Markdown about the sessions of the study; none without sessions."""
    if env.sessions is None:
        return
    yield "## Trading hours"
    yield "In the study, orders opened and increased positions only in bars that open in these sessions:"
    yield "\n".join(map(_session, env.sessions))
    if env.flat_by_close:
        yield "A position was closed at the close of a session's last bar. Close it then, also if the agent holds it."


def _session(session: SessionConfig) -> str:
    return f"- {session.start} to {session.end}, {session.timezone}, {', '.join(session.days)}"
