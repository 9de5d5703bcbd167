"""The score of an agent if trades cost a multiple of what they cost in its scoring environment."""

from dataclasses import replace

from fxai.errors import InputError
from fxai.market.markets.dataset import Market
from fxai.market.splits.splits import Span
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.trajectory import trajectory_of
from fxai.rl.training.training import Metrics
from fxai.spec.fields.env_config import EnvConfig

_LIMITS = {"spread": 1.0, "slippage_rate": 0.5, "commission_rate": 1.0}
"""The costs of a fill, each with its limit in `EnvConfig`."""


def metrics_at_costs(
    agent: Agent, market: Market, span: Span, multiple: float, *, parts: int | None = None, device: str = "cpu"
) -> Metrics:
    """The scores of an agent with spread, slippage and commission of each fill times `multiple`.

    The spread of the data is multiplied too. Swaps, and the levels of an order book, stay as they are.

    Args:
        agent: The agent, which does not learn.
        market: Bars, standardized for the agent.
        span: Bars to score.
        multiple: 0 or above.
        parts: As in `trajectory_of`.
        device: "cpu" or "cuda:N".

    Raises:
        InputError: A cost reaches its limit.
    """
    dearer = replace(agent, scoring_env=_with_costs(agent.base_env, multiple))
    spread = None if market.spread is None else market.spread * multiple
    priced = replace(market, spread=spread)
    return trajectory_of(dearer, priced, span, parts=parts, device=device).score.metrics


def _with_costs(env: EnvConfig, multiple: float) -> EnvConfig:
    own = {name: _times(name, getattr(env, name), multiple) for name in _LIMITS}
    if env.costs is None:
        return env.model_copy(update=own)
    of_instruments = {
        instrument: costs.model_copy(
            update={name: _times(name, value, multiple) for name, value in costs.given().items() if name in _LIMITS}
        )
        for instrument, costs in env.costs.items()
    }
    return env.model_copy(update={**own, "costs": type(env.costs)(of_instruments)})


def _times(name: str, value: float, multiple: float) -> float:
    if value * multiple >= _LIMITS[name]:
        raise InputError(
            f"--costs {multiple:g}: {name} is {value:g}, and {multiple:g} times of it is not below {_LIMITS[name]:g}"
        )
    return value * multiple
