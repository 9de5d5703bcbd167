"""Warns of target positions that an agent cannot hold."""

from collections.abc import Iterator

from fxai.spec.fields.env_config import EnvConfig


def position_advice(env: EnvConfig) -> Iterator[str]:
    """Yields a warning if negative target positions are listed and short positions are not allowed."""
    if env.positions is None or env.allow_short:
        return
    never = [f"{position:g}" for position in env.positions if position < 0]
    if not never:
        return
    if len(env.allowed_positions) == 1:
        yield "env.positions has no position above 0 and env.allow_short is false, so the agent cannot trade"
    else:
        instead = f"the agent is flat instead of {', '.join(never)}"
        yield f"env.allow_short is false, so {instead}; leave them out of env.positions"
