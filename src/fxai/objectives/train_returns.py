"""What the agents of a trial in folds earn on the bars of their own training."""

from collections.abc import Sequence
from dataclasses import replace

from fxai.market.scores.bar_returns import BarReturns
from fxai.market.splits.splits import Span
from fxai.objectives.cached_markets import cached_table_of_folds
from fxai.objectives.trial_agents import TrialAgents
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_header import Weights
from fxai.rl.agents.agent_steps import agent_steps
from fxai.rl.agents.trained_ensemble import trained_ensembles
from fxai.rl.environment.fold_spans import train_spans
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.rl.training.lane_pack import Lane
from fxai.spec.fields.ensemble_members import is_ensemble


def train_returns(agents: TrialAgents, weights: Weights, lanes: Sequence[Lane], step: int) -> BarReturns:
    """The returns of the lanes of a trial in folds, each with greedy actions on the train bars of its fold.

    They are scored on the CPU. The first bars of a train span, which only fill the first observation window, have no
    returns, as in the training.

    Args:
        agents: The agents of the trial, whose first market has the folds.
        weights: Weights of all lanes, [lane, size].
        lanes: The lanes, each with its fold.
        step: Number of updates of the weights.
    """
    agent, market = _first_agent(agents, weights), agents.markets.first
    folds = tuple(lane.fold for lane in lanes if lane.fold is not None)
    window = agent.config.env.observation_window
    spans = [_later(of_lane, window, window - 1) for of_lane in train_spans(market, folds)]
    table = cached_table_of_folds(agent.config.data)
    scored = ScoredSpan(spans, market.bars_per_year, agent.base_env, [agent.config.env] * len(lanes))
    scores = scored.scores(agent_steps(agent, weights, table, scored), range(len(lanes)))
    bars = BarReturns.of(step, [lane.seed for lane in lanes], scores, rewards=False)
    windows = tuple(tuple(_later(market.folds[fold].train, window, window)) for fold in folds)
    return replace(bars, folds=folds, windows=windows)


def _first_agent(agents: TrialAgents, weights: Weights) -> Agent:
    """The agent of the first lane: configuration, policy and scoring environment of all lanes."""
    if is_ensemble(agents.config):
        return trained_ensembles(agents.config, agents.seeds[:1], agents.markets, weights[:1], agents.scoring_env)[0]
    return Agent.trained(agents.config, agents.seeds[0], agents.markets, weights[:1], agents.scoring_env)


def _later(spans: Sequence[Span], window: int, bars: int) -> list[Span]:
    """The spans without their first bars. Spans that have no step after an observation window are left out."""
    return [Span(span.start + bars, span.stop) for span in spans if len(span) > window]
