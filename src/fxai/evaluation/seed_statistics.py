"""Summaries of one value for each seed.

Source: Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice", section 4, with
the definitions of the package rliable.
"""

from collections.abc import Sequence

import numpy as np


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half of the values.

    A quarter of the values, rounded down, is left out at each end, as in `scipy.stats.trim_mean(values, 0.25)`. With
    fewer than four values the result is the mean.

    Args:
        values: One value for each seed, at least one, finite.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    left_out = len(ordered) // 4
    return float(ordered[left_out : len(ordered) - left_out].mean())


def probability_of_improvement(values: Sequence[float], others: Sequence[float]) -> float:
    """Probability that a random seed of the first agents is better than a random seed of the others.

    It is the share of pairs (value, other) with value > other; a tie counts one half. 0.5 means no difference.

    Args:
        values: One value for each seed of the first agents, at least one; more is better.
        others: One value for each seed of the other agents, at least one.

    Returns:
        A probability.
    """
    difference = np.asarray(values, np.float64)[:, None] - np.asarray(others, np.float64)
    return float(((np.sign(difference) + 1) / 2).mean())
