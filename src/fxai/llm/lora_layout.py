"""Where the matrices of adapters are in one row of weights per lane.

The rows of all lanes have one length, so that one optimizer step updates all adapters. Adapters of a smaller rank are
padded with zeros. The gradient of the padding is zero, because each of its two matrices is multiplied by the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.lanes import counter_rng


@dataclass(frozen=True, slots=True)
class AdaptedLayer:
    """A linear layer with an adapter."""

    name: str  # in the network
    inputs: int
    outputs: int


@dataclass(frozen=True, slots=True)
class LoraLayout:
    """The matrices A [rank, inputs] and B [outputs, rank] of each layer, one after another."""

    layers: tuple[AdaptedLayer, ...]
    rank: int

    @property
    def sizes(self) -> list[int]:
        """Numbers of the matrices: A and B of the first layer, of the second, and so on."""
        return [self.rank * width for layer in self.layers for width in (layer.inputs, layer.outputs)]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def matrices(self, weights: Tensor) -> list[tuple[Tensor, Tensor]]:
        """A [lane, rank, inputs] and B [lane, outputs, rank] of each layer: views of `weights` [lane, size].

        One split, because its backward pass writes each number once.
        """
        lanes, parts = len(weights), weights.split(self.sizes, dim=1)
        return [
            (a.view(lanes, self.rank, layer.inputs), b.view(lanes, layer.outputs, self.rank))
            for layer, a, b in zip(self.layers, parts[::2], parts[1::2], strict=True)
        ]

    def with_rank(self, rank: int) -> "LoraLayout":
        return LoraLayout(self.layers, rank)

    def copied(self, weights: Tensor, rank: int) -> Tensor:
        """Weights [lane, size] as the layout of another rank has them: cut, or padded with zeros."""
        other = self.with_rank(rank)
        copy = torch.zeros(len(weights), other.size, dtype=weights.dtype, device=weights.device)
        kept = min(rank, self.rank)
        for (a, b), (new_a, new_b) in zip(self.matrices(weights), other.matrices(copy), strict=True):
            new_a[:, :kept] = a[:, :kept]
            new_b[:, :, :kept] = b[:, :, :kept]
        return copy

    def initial(self, seeds: Tensor, ranks: Sequence[int]) -> Tensor:
        """Weights [lane, size] of new adapters: A uniform within 1 / sqrt(inputs), B zero, as in peft.

        Args:
            seeds: [lane] int64.
            ranks: Rank of each lane, at most that of the layout.
        """
        weights = torch.zeros(len(seeds), self.size, device=seeds.device)
        for index, (a, _) in enumerate(self.matrices(weights)):
            bound = a.shape[-1] ** -0.5
            drawn = counter_rng.uniform(seeds, counter_rng.Purpose.WEIGHTS, index, tuple(a.shape[1:]))
            a.copy_((2 * drawn - 1) * bound)
        for lane, rank in enumerate(ranks):
            weights[lane : lane + 1] = self.with_rank(rank).copied(
                self.copied(weights[lane : lane + 1], rank), self.rank
            )
        return weights
