"""Log-probabilities of all answers to prompts of one length, in one forward pass."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fxai.errors import InputError
from fxai.llm.answer_tree import AnswerTree
from fxai.llm.language_model import LanguageModel

_TOLERANCE = 1e-3  # of a log-probability, relative to its size
_ROUGH_TOLERANCE = 0.05  # with bfloat16, whose rounding depends on the number of rows, or 4 bit
_PROBED = 8  # tokens of the prompt on which a model is checked
_PRIOR_PROMPTS = 32  # over which the prior is a mean


def answer_scores(network: nn.Module, prompts: Tensor, tree: AnswerTree, shared: int = 0, groups: int = 1) -> Tensor:
    """Log-probabilities of the answers with their end tokens, over all texts.

    Prompts of one group may begin with the same tokens, those of the template. These are computed once for the group,
    with their gradient, and only within this call: an adapter on `v_proj` changes them with every step.

    Args:
        network: The causal language model.
        prompts: Tokens [prompt, token]; the prompts of the first group come first.
        tree: The answers.
        shared: Number of first tokens that are the same for all prompts of a group, less than all; 0: none.
        groups: Number of groups, of as many prompts each.

    Returns:
        [prompt, answer] float32, with the autograd graph.
    """
    rows, length = prompts.shape
    tensors = tree.on(prompts.device)
    kind = next(parameter.dtype for parameter in network.parameters() if parameter.is_floating_point())
    cache = None
    if shared:
        begins = prompts[:: rows // groups, :shared]
        cache = network(input_ids=begins, use_cache=True, logits_to_keep=1).cache
        cache.batch_repeat_interleave(rows // groups)
    logits = network(
        input_ids=torch.cat([prompts[:, shared:], tensors.nodes.expand(rows, -1)], dim=1),
        attention_mask=tensors.attention(length, kind)[:, :, shared:],
        position_ids=tensors.positions(length)[:, shared:],
        logits_to_keep=len(tree.nodes) + 1,
        cache=cache,
        use_cache=cache is not None,
    ).logits.float()  # [prompt, row, token]: row 0 follows the prompt, row n + 1 follows node n
    edges = logits[:, tensors.edge_rows, tensors.edge_tokens] - logits.logsumexp(dim=-1)[:, tensors.edge_rows]
    scores: Tensor = edges @ tensors.on_path
    return scores


@torch.no_grad()
def answer_prior(model: LanguageModel, tokens: Sequence[Tensor], tree: AnswerTree) -> Tensor:
    """Mean score of each answer over prompts, by the model without an adapter.

    An answer of more tokens has a smaller score whatever the prompt is: before training, "-4" is a hundred times less
    probable than "4" to a model that has not learnt what the prompts ask for. `log_probabilities` subtracts the prior,
    so that training begins at answers that are about equally probable, and negative answers are learnt as soon as
    positive ones. Source: Zhao et al. 2021, "Calibrate before use", arXiv 2102.09690, section 5.

    Args:
        model: The model; no adapter is applied.
        tokens: Prompts of the training split, of `prompt_tokens`; of many, 32 at equal distances are used.
        tree: The answers.

    Returns:
        [answer] float32.
    """
    count = min(len(tokens), _PRIOR_PROMPTS)
    chosen = [tokens[index * len(tokens) // count] for index in range(count)]
    scores = [answer_scores(model.network, each[None].to(model.device), tree)[0] for each in chosen]
    return torch.stack(scores).mean(0)


def log_probabilities(scores: Tensor, tree: AnswerTree, strengths: Tensor, prior: Tensor | None = None) -> Tensor:
    """Log-probabilities of the answers from -strength to strength, renormalised over these answers.

    Args:
        scores: [lane, prompt, answer], of `answer_scores`.
        tree: The answers.
        strengths: [lane] int64, each at most the tree's. Other answers have the log-probability -inf.
        prior: [lane, answer], subtracted from the scores, of `answer_prior`; None: none.
    """
    answers = torch.tensor(tree.answers, device=scores.device)
    outside = answers.abs() > strengths[:, None]
    if prior is not None:
        scores = scores - prior[:, None, :]
    return scores.masked_fill(outside[:, None, :], -torch.inf).log_softmax(dim=-1)


def most_probable(log_probabilities: Tensor, tree: AnswerTree) -> Tensor:
    """The most probable answer [...] int64 of [..., answer]; of equally probable ones the least."""
    return log_probabilities.argmax(dim=-1) - tree.strength


def check_answers(model: LanguageModel, tree: AnswerTree) -> None:
    """Compare scores of the tree, with and without a shared beginning, with scores of answers alone.

    Raises:
        InputError: The scores differ, because the model does not use the mask, the positions or the cache that it is
            given; or the model fails.
    """
    try:
        differs = _scores_differ(model, tree)
    except Exception as error:
        raise InputError(f"{model.name}: the model cannot score answers: {type(error).__name__}: {error}") from error
    if differs:
        raise InputError(
            f"{model.name}: this kind of model computes other probabilities of answers together than of one alone: use "
            "a model with rotary positions and full attention, such as a Llama"
        )


@torch.no_grad()
def _scores_differ(model: LanguageModel, tree: AnswerTree) -> bool:
    generator = torch.Generator().manual_seed(0)
    prompts = torch.randint(model.end_token + 1, (2, _PROBED), generator=generator).to(model.device)
    prompts[1, :-1] = prompts[0, :-1]
    ways = [answer_scores(model.network, prompts, tree)]
    if model.shares_beginnings:
        ways.append(answer_scores(model.network, prompts, tree, shared=_PROBED // 2))
    for answer in (0, len(tree.paths) // 2, len(tree.paths) - 1):
        tokens = torch.tensor([tree.edge_tokens[edge] for edge in tree.paths[answer]], device=model.device)
        texts = torch.cat([prompts, tokens[:-1].expand(2, -1)], dim=1)
        logits = model.network(input_ids=texts, use_cache=False).logits[:, _PROBED - 1 :].float()
        alone = logits.log_softmax(-1).gather(-1, tokens.expand(2, -1)[..., None]).sum((1, 2))
        most = _tolerance(model) * alone.abs().clamp_min(1.0)
        if any(bool(((scores[:, answer] - alone).abs() > most).any()) for scores in ways):
            return True
    return False


def _tolerance(model: LanguageModel) -> float:
    exact = all(parameter.dtype == torch.float32 for parameter in model.network.parameters())
    return _TOLERANCE if exact else _ROUGH_TOLERANCE
