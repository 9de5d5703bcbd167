"""Prompts as tokens, checked against the model's context."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import float64
from numpy.typing import NDArray
from torch import Tensor

from fxai.errors import InputError
from fxai.llm.answer_tree import AnswerTree
from fxai.llm.language_model import LanguageModel

_WORTH_SHARING = 16  # tokens; with fewer, a second pass of a small network takes longer than it saves
_SHOWN = 80  # characters of a prompt in a message


@dataclass(frozen=True, slots=True, eq=False)
class TokenDecisions:
    """What is learnt from: prompts and the returns that followed. Lanes may share one of these records."""

    tokens: tuple[Tensor, ...]  # [token] int64 of each prompt
    returns: Tensor  # [prompt] float32, of the prompt's ticker over the look-ahead; 0.01 is 1 %
    shared: int = 0  # first tokens that are the same in all prompts, of `shared_tokens`


def token_decisions(
    model: LanguageModel, prompts: Sequence[str], returns: NDArray[float64], tree: AnswerTree
) -> TokenDecisions:
    """Decisions in the tokens of a model.

    Args:
        model: The model.
        prompts: The text of each decision.
        returns: Of each decision's ticker over the look-ahead; 0.01 is 1 %.
        tree: The answers; those of the largest strength.

    Raises:
        InputError: As of `prompt_tokens`; there is no prompt; a return is not finite.
    """
    if not prompts or returns.shape != (len(prompts),):
        raise InputError(f"a language model needs as many returns as prompts, here {returns.shape} and {len(prompts)}")
    if not np.isfinite(returns).all():
        raise InputError(
            f"the return of the prompt {prompts[int(np.isfinite(returns).argmin())][:_SHOWN]!r} is not finite"
        )
    tokens = prompt_tokens(model, prompts, tree)
    return TokenDecisions(tokens, torch.from_numpy(returns).float(), shared_tokens(tokens))


def prompt_tokens(model: LanguageModel, prompts: Sequence[str], tree: AnswerTree) -> tuple[Tensor, ...]:
    """The tokens [token] int64 of each prompt, on the CPU.

    Raises:
        InputError: A prompt has no token, or is longer than the model's context less the longest answer.
    """
    most = model.context - tree.longest
    encode = model.tokenizer.encode
    tokens = tuple(torch.tensor(encode(text, add_special_tokens=True), dtype=torch.int64) for text in prompts)
    for text, each in zip(prompts, tokens, strict=True):
        if not len(each):
            raise InputError(f"the model {model.name} has no token for the prompt {text[:_SHOWN]!r}")
        if len(each) > most:
            raise InputError(
                f"a prompt of {len(each)} tokens is longer than the {most} that the context of the model {model.name} "
                f"leaves for it: use fewer or shorter headlines. The prompt begins with {text[:_SHOWN]!r}"
            )
    return tokens


def shared_tokens(tokens: Sequence[Tensor]) -> int:
    """Number of first tokens that are the same in all prompts and worth computing once; less than any prompt has."""
    length = min(len(each) for each in tokens) - 1
    alike = torch.stack([each[:length] for each in tokens]) == tokens[0][:length]
    shared = int(alike.all(0).int().cumprod(0).sum())
    return shared if shared >= _WORTH_SHARING else 0


def rows_by_length(tokens: Sequence[Tensor]) -> dict[int, list[int]]:
    """Indices of the prompts of each length, shortest first."""
    groups: dict[int, list[int]] = {}
    for index, each in enumerate(tokens):
        groups.setdefault(len(each), []).append(index)
    return dict(sorted(groups.items()))
