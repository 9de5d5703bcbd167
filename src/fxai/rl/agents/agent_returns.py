"""What a trial's agent earns on each bar of the validation split, from the agent's file."""

from dataclasses import replace
from pathlib import Path

from fxai.errors import FxaiError, InputError
from fxai.market.scores.bar_returns import BarReturns, needs_rewards, windows_of
from fxai.protocol import TrialRequest
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.evaluation_window import evaluation_window
from fxai.rl.agents.trajectory import trajectory_of
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.score import with_score


def agent_returns(path: Path, request: TrialRequest, step: int) -> tuple[BarReturns, float]:
    """The returns of a trial of one agent without folds, and their value.

    Args:
        path: The agent's file.
        request: The trial.
        step: Number of updates of the agent.

    Raises:
        FxaiError: The agent or its data cannot be read, the data have changed, or its score lacks the metric.
    """
    agent = load_agent(path)
    window = evaluation_window(agent, split="validation")
    if not window.is_training_data:
        raise InputError(f"{window.market.name} has other bars than when the agent was trained")
    score = trajectory_of(agent, window.market, window.span, parts=window.parts).score
    try:
        value = with_score(score.metrics, request.score)[request.metric]
    except (ExpressionError, KeyError) as error:
        raise FxaiError(f"the score of {path} has no {request.metric}") from error
    rewards = needs_rewards({request.metric, *request.objectives}, request.score)
    returns = BarReturns.of(step, request.seeds, [score], rewards=rewards)
    return replace(returns, windows=(windows_of(window.market.splits, window.parts),)), value
