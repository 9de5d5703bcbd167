"""Generalized advantage estimation (Schulman et al. 2016, arXiv 1506.02438, equation 16)."""

import torch
from torch import Tensor


def advantages(
    *,
    reward: Tensor,
    value: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    gamma: Tensor,
    gae_lambda: Tensor,
) -> Tensor:
    """Advantages [lane, time, env] of steps [lane, time, env].

    No estimate extends beyond the end of an episode.

    Args:
        reward: Rewards.
        value: Values of the observations.
        next_value: Values of `final_observation`. It counts after a truncation and is 0 after a termination.
        terminated: Whether the step terminated its episode.
        truncated: Whether the step truncated its episode.
        gamma: Discount [lane].
        gae_lambda: Lambda [lane].
    """
    gamma, gae_lambda = gamma[:, None, None], gae_lambda[:, None, None]
    delta = reward + gamma * next_value * ~terminated - value
    decay = gamma * gae_lambda * ~(terminated | truncated)
    estimate = torch.empty_like(delta)
    advantage = torch.zeros_like(delta[:, 0])
    for time in reversed(range(delta.shape[1])):
        advantage = delta[:, time] + decay[:, time] * advantage
        estimate[:, time] = advantage
    return estimate
