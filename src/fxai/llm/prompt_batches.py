"""Mini-batches of prompts of one length.

All lanes with the same prompts and the same size of mini-batches have a mini-batch of the same shape at each step, so
that their adapters share a forward pass. Which prompts of this length are in the mini-batch depends on the lane's seed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.llm.prompt_tokens import rows_by_length
from fxai.rl.lanes import counter_rng

_ORDER_SEED = 0  # of the order of lengths, the same for all lanes


class PromptBatches:
    """Mini-batches of the steps of a training. In each pass over the data every prompt is in one mini-batch.

    A step is a pure function of its number and the lane's seed, so a resumed training takes the same steps.
    """

    def __init__(self, tokens: Sequence[Tensor], batch_size: int) -> None:
        groups = rows_by_length(tokens)
        self._lengths = list(groups)
        self._groups = [torch.tensor(rows) for rows in groups.values()]
        self._batches = [
            (group, start) for group, rows in enumerate(self._groups) for start in range(0, len(rows), batch_size)
        ]
        self._size = batch_size

    def __len__(self) -> int:
        """Mini-batches of one pass over the data."""
        return len(self._batches)

    def shape(self, step: int) -> tuple[int, int]:
        """Prompts of the mini-batch at a step, and tokens of each prompt."""
        group, start = self._batch(step)
        return min(self._size, len(self._groups[group]) - start), self._lengths[group]

    def rows(self, step: int, seed: int) -> Tensor:
        """Indices of the prompts of the mini-batch at a step, [prompt] int64."""
        group, start = self._batch(step)
        members = self._groups[group]
        draw = step // len(self) * len(self._groups) + group
        order = counter_rng.permutation(torch.tensor([seed]), counter_rng.Purpose.MINIBATCH, draw, len(members))[0]
        return members[order[start : start + self._size]]

    def _batch(self, step: int) -> tuple[int, int]:
        epoch, position = divmod(step, len(self))
        seed = torch.tensor([_ORDER_SEED])
        order = counter_rng.permutation(seed, counter_rng.Purpose.PROMPT_LENGTH, epoch, len(self))[0]
        return self._batches[int(order[position])]
