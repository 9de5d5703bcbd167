"""Dropout that an update can repeat: a sample's mask is a function of its number.

The update silences the same activations as the roll-out did when the action was taken, so the ratio of
new to old probability starts at one (consistent dropout: Hausknecht and Wagener 2022, arXiv 2202.11818,
section 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.lanes import counter_rng


@dataclass(frozen=True, slots=True)
class Dropout:
    """The masks of a pack: lane seeds and rates [lane], None where no lane has any; masked activations of a sample."""

    seeds: Tensor
    rates: Tensor | None
    sites: int

    @classmethod
    def of(cls, seeds: Tensor, rates: Sequence[float], sites: int) -> "Dropout":
        return cls(seeds, torch.tensor(rates, device=seeds.device) if any(rates) else None, sites)

    def keep(self, number: Tensor) -> Tensor | None:
        """Factors of samples [some lanes, sample] by their numbers, of the first lanes; None where all are 1."""
        if self.rates is None:
            return None
        lanes = len(number)
        return keep_mask(self.seeds[:lanes], self.rates[:lanes], number, self.sites)


def keep_mask(seeds: Tensor, rate: Tensor, sample: Tensor, sites: int) -> Tensor:
    """Factors [lane, sample, sites]: 0 with probability `rate` [lane], else 1 / (1 - rate).

    `sample` [lane, sample] int64 are numbers that no two samples of a training share.
    """
    lanes, samples = sample.shape
    seed, position = seeds.repeat_interleave(samples), sample.reshape(-1)
    chance = counter_rng.uniform(seed, counter_rng.Purpose.DROPOUT, position, (sites,)).view(lanes, samples, sites)
    rate = rate[:, None, None]
    return (chance >= rate) / (1 - rate)
