"""Dropout that an update can repeat: a sample's mask is a function of its number.

The update silences the same activations as the roll-out did when the action was taken, so the ratio of
new to old probability starts at one (consistent dropout: Hausknecht and Wagener 2022, arXiv 2202.11818,
section 3).
"""

from torch import Tensor

from fxai.rl import draws


def keep_mask(seeds: Tensor, rate: Tensor, sample: Tensor, sites: int) -> Tensor:
    """Factors [lane, sample, sites]: 0 with probability `rate` [lane], else 1 / (1 - rate).

    `sample` [lane, sample] int64 are numbers that no two samples of a training share.
    """
    lanes, samples = sample.shape
    chance = draws.uniform(seeds.repeat_interleave(samples), draws.Purpose.DROPOUT, sample.reshape(-1), (sites,)).view(
        lanes, samples, sites
    )
    rate = rate[:, None, None]
    return (chance >= rate) / (1 - rate)
