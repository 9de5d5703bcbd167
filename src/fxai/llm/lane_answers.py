"""Log-probabilities of answers by a model with the adapters of several lanes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.llm.answer_tree import AnswerTree
from fxai.llm.answers import answer_scores, log_probabilities
from fxai.llm.lane_adapters import LaneAdapters
from fxai.llm.language_model import LanguageModel
from fxai.llm.lora_layout import LoraLayout
from fxai.llm.prompt_tokens import rows_by_length, shared_tokens

_SCORED_ROWS = 16  # prompts of all lanes in a pass without gradients; each has logits for all tokens of the vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class LaneWeights:
    """The adapters of lanes and what their answers need; every tensor is [lane, ...]."""

    layout: LoraLayout
    weights: Tensor  # [lane, size]
    scaling: Tensor  # [lane], alpha / r
    strengths: Tensor  # [lane] int64, the largest answer
    prior: Tensor  # [lane, answer], of `answer_prior`


def answered(model: LanguageModel, tree: AnswerTree, lanes: LaneWeights, prompts: Tensor, shared: int) -> Tensor:
    """Log-probabilities [lane, prompt, answer] by the adapters of the lanes, which are applied to the model.

    Args:
        model: The model.
        tree: The answers.
        lanes: The adapters.
        prompts: Tokens [lane, prompt, token].
        shared: First tokens that the prompts of a lane share, of `shared_in_pass`.
    """
    rows = prompts.flatten(0, 1).to(model.device)
    scores = answer_scores(model.network, rows, tree, shared, len(prompts)).unflatten(0, prompts.shape[:2])
    return log_probabilities(scores, tree, lanes.strengths, lanes.prior)


def shared_in_pass(model: LanguageModel, prompts: Tensor, shared: int) -> int:
    """First tokens of prompts [lane, prompt, token] that a pass computes once for each lane."""
    return shared if model.shares_beginnings and prompts.shape[1] > 1 else 0


@torch.no_grad()
def lane_log_probabilities(
    model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, lanes: LaneWeights, tokens: Sequence[Tensor]
) -> Tensor:
    """Log-probabilities of the answers to prompts, without dropout.

    Args:
        model: The model.
        adapters: Its layers with adapters.
        tree: The answers.
        lanes: The adapters.
        tokens: The prompts, of `prompt_tokens`.

    Returns:
        [lane, prompt, answer] float32 on the CPU; -inf for answers beyond a lane's strength.
    """
    count = max(1, _SCORED_ROWS // len(lanes.weights))
    result = torch.empty(len(lanes.weights), len(tokens), len(tree.paths))
    with adapters.applied(lanes.weights, lanes.layout, lanes.scaling, None):
        for rows in rows_by_length(tokens).values():
            for first in range(0, len(rows), count):
                part = rows[first : first + count]
                texts = [tokens[row] for row in part]
                prompts = torch.stack(texts).expand(len(lanes.weights), -1, -1)
                shared = shared_in_pass(model, prompts, shared_tokens(texts))
                result[:, part] = answered(model, tree, lanes, prompts, shared).cpu()
    return result
