"""Signals of an agent's adapters on decisions: each member's alone, and those of all together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import Module

from fxai.errors import InputError
from fxai.llm.adapter_files import load_adapter
from fxai.llm.answer_tree import AnswerTree
from fxai.llm.answers import most_probable
from fxai.llm.lane_adapters import LaneAdapters
from fxai.llm.lane_answers import LaneWeights, lane_log_probabilities
from fxai.llm.model_settings import model_settings
from fxai.llm.open_model import open_model
from fxai.llm.prompt_tokens import prompt_tokens
from fxai.llm.signal_agent import SignalAgent, join_signal_agents
from fxai.market.bars import FloatArray
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.news_market import NewsMarket
from fxai.market.news.prompts import prompts
from fxai.market.news.signal_scores import ScoringRules
from fxai.market.splits.splits import Span

_SMALL = 10_000_000  # weights


@dataclass(frozen=True, slots=True, eq=False)
class CommitteeSignals:
    """Signals on the dates of a span, with what scores them."""

    decisions: NewsDecisions  # within the span
    span: Span
    committee: FloatArray  # [decision]
    members: FloatArray  # [member, decision]
    rules: ScoringRules


def committee_signals(folders: Sequence[Path], market: NewsMarket, span: Span, device: str = "cpu") -> CommitteeSignals:
    """The signals of the members of agents.

    The probability of an answer is the mean over the members, and the signal is the most probable answer.

    Args:
        folders: Of the agents, which have the same configuration.
        market: Prices and news.
        span: Dates of the market.
        device: "cpu" or "cuda:N".

    Raises:
        InputError: An agent or the model cannot be read, or they do not fit each other; or a prompt is too long.
    """
    agent, adapters = join_signal_agents(folders)
    config, strength = agent.config, agent.config.training.signal_strength
    decisions = decisions_of(market, config.decisions).within(span)
    logs, tree = _log_probabilities(agent, adapters, prompts(decisions, config.decisions, strength), device)
    joined = torch.logsumexp(logs.double(), dim=0)  # of the members' sum, which orders answers as the mean
    return CommitteeSignals(
        decisions=decisions,
        span=span,
        committee=most_probable(joined, tree).double().numpy(),
        members=most_probable(logs, tree).double().numpy(),
        rules=ScoringRules(agent.scoring_config.baskets, agent.scoring_config.decisions.lookahead, strength),
    )


def _log_probabilities(
    agent: SignalAgent, folders: Sequence[Path], texts: list[str], device: str
) -> tuple[Tensor, AnswerTree]:
    """Log-probabilities [member, prompt, answer] of the answers of the tree."""
    config, strength = agent.config, agent.config.training.signal_strength
    model, tree = open_model(model_settings(config), strength, device)
    if len(agent.prior) != len(tree.paths):
        raise InputError(f"{folders[0]}: the prior has {len(agent.prior)} answers; {len(tree.paths)} are needed")
    adapters = LaneAdapters(model.network, sorted(config.lora.target_modules))
    loaded = [load_adapter(folder, adapters.layers) for folder in folders]
    count = len(loaded)
    lanes = LaneWeights(
        layout=loaded[0].layout,
        weights=torch.stack([each.weights for each in loaded]).to(model.device),
        scaling=torch.tensor([each.settings.scaling for each in loaded], device=model.device),
        strengths=torch.full((count,), strength, device=model.device),
        prior=torch.tensor(agent.prior, device=model.device).expand(count, -1),
    )
    tokens = prompt_tokens(model, texts, tree)
    with _threads_for(model.network):
        return lane_log_probabilities(model, adapters, tree, lanes, tokens), tree


@contextmanager
def _threads_for(network: Module) -> Iterator[None]:
    """One thread for a small network: threads that wait for each other at each operation take longer on a busy CPU."""
    before = torch.get_num_threads()
    if sum(each.numel() for each in network.parameters()) < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
