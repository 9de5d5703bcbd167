"""Track record of an agent on the bars of a market, with baseline strategies."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from fxai.evaluation.score_errors import error_metrics, score_errors
from fxai.market.bars import FloatArray
from fxai.market.markets.dataset import Market
from fxai.market.scores.baselines import baselines, figures
from fxai.market.scores.instrument_scores import LaneScore
from fxai.market.scores.track_record import TrackRecord
from fxai.market.scores.trades import Positions, closed_trades
from fxai.market.splits.splits import Span
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_steps import agent_steps, member_steps
from fxai.rl.agents.agent_versions import versions
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.ensemble import Ensemble, named_members
from fxai.rl.agents.joint_observation import columns_of
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.observation import Observation
from fxai.rl.scores.scored_span import ScoredSpan, Trajectory
from fxai.rl.scores.scoring_env import scoring_env_of
from fxai.rl.training.training import Metrics


def trajectory_of(
    agent: Agent, market: Market, span: Span, *, parts: int | None = None, device: str = "cpu"
) -> Trajectory:
    """An agent's steps on the bars of a span, as in its scoring: in one episode after the other, or in equal parts."""
    return trajectories_of([agent], market, span, parts=parts, device=device)[0]


def trajectories_of(
    agents: Sequence[Agent], market: Market, span: Span, *, parts: int | None = None, device: str = "cpu"
) -> list[Trajectory]:
    """The steps of agents that have one policy, side by side. On a CPU they are those of `trajectory_of`."""
    first, own = agents[0], [agent.config.env for agent in agents]
    scored = ScoredSpan(span, market.bars_per_year, first.base_env, own, parts=parts)
    weights, table = np.concatenate([agent.weights for agent in agents]), MarketTable.of_market(market)
    return scored.trajectories(agent_steps(first, weights, table, scored, device=device))


def member_metrics_of(
    agent: Agent, market: Market, span: Span, *, parts: int | None = None, device: str = "cpu"
) -> dict[str, Metrics]:
    """The scores of each member of an ensemble alone, by its name; empty for other agents.

    Args:
        agent: The agent.
        market: Bars, standardized for the agent.
        span: Bars to score.
        parts: As in `trajectory_of`.
        device: "cpu" or "cuda:N".
    """
    voters = agent.voters if isinstance(agent, Ensemble | Committee) else ()
    columns = columns_of([each.agent.standardizer for each in voters])
    table, found = MarketTable.of_market(market), {}
    for (name, member), own in zip(named_members(voters).items(), columns, strict=True):
        scored = ScoredSpan(span, market.bars_per_year, member.base_env, [member.config.env], parts=parts)
        (score,) = scored.scores(member_steps(member, own, table, scored, device=device), [0])
        found[name] = score.metrics
    return found


def track_record_of(
    agent: Agent, market: Market, span: Span, split: str, *, parts: int | None = None, device: str = "cpu"
) -> TrackRecord:
    """Run an agent on the bars of a span as in its scoring, and record positions, equity and trades.

    The account is reset at each episode of the scoring environment, or at each of `parts` equal parts. Equity is
    accumulated over all of them. On a GPU the scores may differ from those on a CPU in the last digits.
    """
    base = agent.base_env
    trajectory = trajectory_of(agent, market, span, parts=parts, device=device)
    equity = _equity(trajectory.steps["step_return"])
    peak = np.maximum.accumulate(np.maximum(equity, 1.0))
    first, last = int(trajectory.bar[0]), int(trajectory.bar[-1])
    env = scoring_env_of(base, agent.config.env)
    baseline_curves = baselines(market, first, last, env)
    return TrackRecord(
        split=split,
        times=tuple(np.datetime_as_string(market.time[trajectory.bar], unit="s", timezone="UTC").tolist()),
        close=market.close[trajectory.bar],
        equity=equity,
        position=trajectory.steps["position"],
        drawdown=1.0 - equity / peak,
        trades=closed_trades(market, _positions(trajectory), env),
        metrics=_with_errors(trajectory.score),
        baselines=baseline_curves,
        baseline_metrics={name: figures(curve, market.bars_per_year) for name, curve in baseline_curves.items()},
        made_of={
            **({"seed": agent.seed} if len(agent.seeds) == 1 else {"seeds": list(agent.seeds)}),
            "trained_on": agent.data_hash,
            "data": market.name,
            "data_hash": market.content_hash,
            "versions": {**versions()},
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        member_metrics=member_metrics_of(agent, market, span, parts=parts, device=device),
    )


def observations_on(agent: Agent, market: Market, span: Span) -> Observation:
    """Observations that the agent visits on the span, for the comparison of an export."""
    from fxai.rl.agents.torch_decisions import visited_observations  # noqa: PLC0415 - torch

    env = scoring_env_of(agent.base_env, agent.config.env)
    return visited_observations(agent.policy, agent.weights, market, span, env)


def _with_errors(score: LaneScore) -> dict[str, float]:
    """The scores, each with the error of the stretch of market."""
    errors = score_errors([score], [score.metrics])
    return {**score.metrics, **error_metrics(errors)}


def _equity(returns: FloatArray) -> FloatArray:
    """Equity as in `metrics.performance`: it stays 0 once it is 0."""
    equity: FloatArray = np.cumprod(np.maximum(1.0 + returns, 0.0), dtype=np.float64)
    return equity


def _positions(trajectory: Trajectory) -> Positions:
    steps = trajectory.steps
    return Positions(
        bar=trajectory.bar,
        begins=trajectory.begins,
        held=steps["position"],
        closed=steps["closed"] > 0,
        closed_gain=steps["closed_gain"],
        settled=steps["settled"] > 0,
        settled_gain=steps["settled_gain"],
        exited=steps["exited"] > 0,
        exit_gain=steps["exit_gain"],
        exit_price=steps["exit_price"],
    )
