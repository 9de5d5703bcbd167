"""What the adapters of a trial earn on each date of the validation split, from their folder."""

from dataclasses import replace
from pathlib import Path

from fxai.errors import FxaiError, InputError
from fxai.llm.signal_agent import read_signal_agent
from fxai.llm.signal_committee import committee_signals
from fxai.market.news.prepared_decisions import prepare_decisions
from fxai.market.news.signal_scores import score_signals, scored_dates
from fxai.market.scores.bar_returns import BarReturns, needs_rewards
from fxai.protocol import TrialRequest
from fxai.protocol.standard_error import mean
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.score import with_score


def signal_returns(folder: Path, request: TrialRequest, step: int) -> tuple[BarReturns, float]:
    """The returns of a trial, and their value.

    Args:
        folder: The adapters of all seeds of the trial.
        request: The trial.
        step: Number of training steps of the adapters.

    Raises:
        FxaiError: The adapters, the model, prices or news cannot be read, prices or news have changed, or the score
            lacks the metric.
    """
    agent = read_signal_agent(folder)
    config = agent.scoring_config
    prepared = prepare_decisions(config.data, config.news, config.decisions)
    if prepared.content_hash != agent.data_hash:
        raise InputError(f"prices or news have changed since {folder} was trained")
    if agent.seeds != request.seeds:
        raise InputError(f"{folder} has adapters of other seeds than trial {request.number}")
    found = committee_signals([folder], prepared.market, prepared.splits.validation)
    scores = [score_signals(found.decisions, each, found.span, found.rules) for each in found.members]
    try:
        value = mean([with_score(score.metrics, request.score)[request.metric] for score in scores])
    except (ExpressionError, KeyError) as error:
        raise FxaiError(f"the score of {folder} has no {request.metric}") from error
    rewards = needs_rewards({request.metric, *request.objectives}, request.score)
    returns = BarReturns.of(step, request.seeds, scores, rewards=rewards)
    return replace(returns, windows=(scored_dates(found.span),) * len(scores)), value
