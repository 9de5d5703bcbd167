"""An agent on the bars of a market, with simple strategies beside it: how its track record comes about."""

from datetime import UTC, datetime

import numpy as np
import torch

import fxai
from fxai.market.bars import FloatArray
from fxai.market.baselines import baselines, figures
from fxai.market.dataset import Market
from fxai.market.splits import Span
from fxai.market.track_record import TrackRecord
from fxai.market.trades import Positions, closed_trades
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.export import observations_met
from fxai.rl.agents.scoring import Scorer, Trajectory, scored_with
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.environment.observation import Observation


def track(agent: Agent, market: Market, span: Span, split: str, *, parts: int | None = None) -> TrackRecord:
    """Let an agent act on the bars of a span, the way that its training scored it.

    So its account begins anew with each episode of the environment that scores it, or with each of so many equal
    parts; equity goes on through all of them.
    """
    base = agent.base_env
    scorer = Scorer(
        on_device(market, torch.device("cpu")), span, market.bars_per_year, base, [agent.config.env], parts=parts
    )
    walk = scorer.walk(agent.policy, agent.weights)
    equity = _equity(walk.steps["step_return"])
    peak = np.maximum.accumulate(np.maximum(equity, 1.0))
    first, last = int(walk.bar[0]), int(walk.bar[-1])
    env = scored_with(base, agent.config.env)
    held = baselines(market, first, last, env)
    return TrackRecord(
        split=split,
        times=tuple(np.datetime_as_string(market.time[walk.bar], unit="s", timezone="UTC").tolist()),
        close=market.close[walk.bar],
        equity=equity,
        position=walk.steps["position"].astype(np.int8),
        drawdown=1.0 - equity / peak,
        trades=closed_trades(market, _positions(walk), env),
        metrics=walk.scores,
        baselines=held,
        baseline_metrics={name: figures(curve, market.bars_per_year) for name, curve in held.items()},
        made_of={
            "seed": agent.seed,
            "trained_on": agent.data_hash,
            "data": market.name,
            "data_hash": market.content_hash,
            "versions": {"fxai": fxai.__version__, "torch": torch.__version__},
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


def observations_on(agent: Agent, market: Market, span: Span) -> Observation:
    """What the agent sees on those bars, acting by itself, to check an export on."""
    env = scored_with(agent.base_env, agent.config.env)
    return observations_met(agent.policy, agent.weights, market, span, env)


def _equity(returns: FloatArray) -> FloatArray:
    """As `metrics.performance` takes it: once zero, always zero."""
    equity: FloatArray = np.cumprod(np.maximum(1.0 + returns, 0.0), dtype=np.float64)
    return equity


def _positions(walk: Trajectory) -> Positions:
    steps = walk.steps
    return Positions(
        bar=walk.bar,
        begins=walk.begins,
        held=steps["position"].astype(np.int8),
        closed=steps["closed"] > 0,
        closed_gain=steps["closed_gain"],
        settled=steps["settled"] > 0,
        settled_gain=steps["settled_gain"],
    )
