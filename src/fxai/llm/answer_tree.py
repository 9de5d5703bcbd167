"""The answers, integers from -strength to strength, as a tree of their tokens.

Each answer ends with the end token: "1" is a prefix of "17". Answers that begin with the same tokens share the nodes of
these tokens. A node needs the activations of the prompt and of the nodes above it, so all answers to a prompt are
scored in one forward pass over the prompt and the nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fxai.errors import InputError
from fxai.llm.language_model import LanguageModel

_PROMPT = -1  # the parent of an answer's first token


@dataclass(frozen=True, slots=True)
class AnswerTree:
    """Nodes are tokens before an end token. Edges are the tokens that may follow the prompt or a node."""

    strength: int
    nodes: tuple[int, ...]  # token of each node; parents come before their children
    parents: tuple[int, ...]  # index of a node, or -1 for the prompt
    depths: tuple[int, ...]  # tokens from the prompt to the node; 1 for an answer's first token
    edge_rows: tuple[int, ...]  # where the token is predicted: 0 after the prompt, n + 1 after node n
    edge_tokens: tuple[int, ...]
    paths: tuple[tuple[int, ...], ...]  # edges of each answer, from -strength to strength

    @property
    def answers(self) -> range:
        return range(-self.strength, self.strength + 1)

    @property
    def longest(self) -> int:
        """Tokens of the longest answer, without its end token."""
        return max(self.depths)

    def on(self, device: torch.device) -> "TreeTensors":
        """The tree as tensors; made once for each device."""
        return _tensors_of(self, device)


@dataclass(frozen=True, slots=True)
class TreeTensors:
    """A tree as tensors on a device."""

    nodes: Tensor  # [node] int64, tokens
    seen: Tensor  # [node, node] bool: the nodes above a node, and the node itself
    depths: Tensor  # [node] int64
    edge_rows: Tensor  # [edge] int64
    edge_tokens: Tensor  # [edge] int64
    on_path: Tensor  # [edge, answer] float32: 1 if the edge is on the path of the answer

    def attention(self, prompt: int, kind: torch.dtype) -> Tensor:
        """Additive mask [1, 1, tokens, tokens] of a prompt of `prompt` tokens and the nodes after it.

        A token of the prompt attends to those up to itself. A node attends to the prompt, to the nodes above it and to
        itself.
        """
        tokens = prompt + len(self.nodes)
        seen = torch.ones(tokens, tokens, dtype=torch.bool, device=self.nodes.device).tril_()
        seen[prompt:, prompt:] = self.seen
        mask = torch.zeros(1, 1, tokens, tokens, dtype=kind, device=self.nodes.device)
        return mask.masked_fill_(~seen, torch.finfo(kind).min)

    def positions(self, prompt: int) -> Tensor:
        """Positions [1, tokens] of a prompt of `prompt` tokens and the nodes after it."""
        own = torch.arange(prompt, device=self.nodes.device)
        return torch.cat([own, self.depths + (prompt - 1)])[None]


@lru_cache(maxsize=16)
def _tensors_of(tree: AnswerTree, device: torch.device) -> TreeTensors:
    seen = torch.eye(len(tree.nodes), dtype=torch.bool)
    for node, parent in enumerate(tree.parents):
        if parent != _PROMPT:
            seen[node] |= seen[parent]
    on_path = torch.zeros(len(tree.edge_tokens), len(tree.paths))
    for answer, path in enumerate(tree.paths):
        on_path[list(path), answer] = 1.0
    return TreeTensors(
        nodes=torch.tensor(tree.nodes, device=device),
        seen=seen.to(device),
        depths=torch.tensor(tree.depths, device=device),
        edge_rows=torch.tensor(tree.edge_rows, device=device),
        edge_tokens=torch.tensor(tree.edge_tokens, device=device),
        on_path=on_path.to(device),
    )


def answer_tree(model: LanguageModel, strength: int) -> AnswerTree:
    """The answers from -strength to strength in the tokens of a model.

    Raises:
        InputError: The tokenizer writes two answers with the same tokens, or an answer with no token or the end token.
    """
    return tree_of(
        [model.tokenizer.encode(str(answer), add_special_tokens=False) for answer in range(-strength, strength + 1)],
        model.end_token,
        model.name,
    )


def tree_of(answers: Sequence[Sequence[int]], end_token: int, name: str) -> AnswerTree:
    """The tree of answers, from -strength to strength, given by their tokens without the end token.

    Args:
        answers: The tokens of each answer; an odd number of answers.
        end_token: Follows each answer.
        name: Of the model, for messages.

    Raises:
        InputError: as of `answer_tree`.
    """
    strength = len(answers) // 2
    node_of: dict[tuple[int, ...], int] = {(): _PROMPT}
    edge_of: dict[tuple[int, int], int] = {}  # by row and token
    paths, depths = [], []
    for answer, tokens in zip(range(-strength, strength + 1), answers, strict=True):
        if not tokens or end_token in tokens:
            raise InputError(f"{name}: the tokenizer cannot write the answer {answer}: its tokens are {list(tokens)}")
        path = []
        for length, token in enumerate((*tokens, end_token)):
            above = tuple(tokens[:length])
            if above not in node_of:
                node_of[above] = len(node_of) - 1
                depths.append(length)
            path.append(edge_of.setdefault((node_of[above] + 1, token), len(edge_of)))
        if tuple(path) in paths:
            raise InputError(f"{name}: the tokenizer writes the answer {answer} with the tokens of another answer")
        paths.append(tuple(path))
    above_nodes = list(node_of)[1:]
    return AnswerTree(
        strength=strength,
        nodes=tuple(tokens[-1] for tokens in above_nodes),
        parents=tuple(node_of[tokens[:-1]] for tokens in above_nodes),
        depths=tuple(depths),
        edge_rows=tuple(row for row, _ in edge_of),
        edge_tokens=tuple(token for _, token in edge_of),
        paths=tuple(paths),
    )
