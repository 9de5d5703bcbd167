"""Reproducible dropout: a sample's mask is a function of its number.

The update uses the same masks as the roll-out, so the ratio of new to old probability starts at 1 (consistent dropout:
Hausknecht and Wagener 2022, arXiv 2202.11818, section 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.lanes import counter_rng


@dataclass(frozen=True, slots=True)
class Dropout:
    """Dropout masks of a pack."""

    seeds: Tensor  # [lane] int64
    rates: Tensor | None  # [lane]; None if no lane has dropout
    sites: int  # masked activations per sample

    @classmethod
    def of(cls, seeds: Tensor, rates: Sequence[float], sites: int) -> "Dropout":
        return cls(seeds, torch.tensor(rates, device=seeds.device) if any(rates) else None, sites)

    def streams(self) -> tuple[Tensor, Tensor]:
        """Rates [lane], 0 without dropout, and keys of the masks [lane], for loops that draw the masks themselves."""
        rates = torch.zeros(len(self.seeds), device=self.seeds.device) if self.rates is None else self.rates
        return rates, counter_rng.stream_keys(self.seeds, counter_rng.Purpose.DROPOUT)

    def keep(self, number: Tensor) -> Tensor | None:
        """Factors [n lanes, sample, sites] of samples by their numbers [n lanes, sample]; None if all factors are 1."""
        if self.rates is None:
            return None
        lanes = len(number)
        return keep_mask(self.seeds[:lanes], self.rates[:lanes], number, self.sites)


def keep_mask(seeds: Tensor, rate: Tensor, sample: Tensor, sites: int) -> Tensor:
    """Factors [lane, sample, sites]: 0 with probability `rate` [lane], else 1 / (1 - rate).

    `sample` [lane, sample] int64 are the samples' numbers, unique within a training.
    """
    lanes, samples = sample.shape
    seed, position = seeds.repeat_interleave(samples), sample.reshape(-1)
    uniform = counter_rng.uniform(seed, counter_rng.Purpose.DROPOUT, position, (sites,)).view(lanes, samples, sites)
    rate = rate[:, None, None]
    return (uniform >= rate) / (1 - rate)
