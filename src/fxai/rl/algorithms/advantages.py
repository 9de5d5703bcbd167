"""Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438, equation 16)."""

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
    """Advantages [lane, time, env] of steps [lane, time, env], with gamma and lambda [lane].

    `next_value` is the value of each step's `final_observation`: a truncated episode goes on in the
    mind of the critic, a terminated one is worth nothing more. No estimate reaches across an episode's end.
    """
    gamma, gae_lambda = gamma[:, None, None], gae_lambda[:, None, None]
    surprise = reward + gamma * next_value * ~terminated - value
    carry = gamma * gae_lambda * ~(terminated | truncated)
    estimate = torch.empty_like(surprise)
    running = torch.zeros_like(surprise[:, 0])
    for time in reversed(range(surprise.shape[1])):
        running = surprise[:, time] + carry[:, time] * running
        estimate[:, time] = running
    return estimate
