"""The advantage actor-critic's loss (Mnih et al. 2016, arXiv 1602.01783, section 4) and its gradient in closed form.

What `ppo_loss.py` says of autograd holds here too. The tests hold it to autograd and to Stable-Baselines3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.samples import Samples
from fxai.rl.networks.row_sums import row_mean


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What weighs the terms of each lane's loss, [lane]."""

    entropy_coef: Tensor
    value_coef: Tensor


@dataclass(frozen=True, slots=True)
class LossGradient:
    """Derivatives of each lane's loss, and what the roll-out says of it."""

    logits: Tensor  # [lane, action, sample]
    value: Tensor  # [lane, sample]
    statistics: Tensor  # [lane, 3]: means over the samples, named by STATISTICS


STATISTICS = ("policy_loss", "value_loss", "entropy")


def loss_gradient(logits: Tensor, value: Tensor, samples: Samples, weights: LossWeights) -> LossGradient:
    """Gradient of policy loss + value_coef * value loss - entropy_coef * entropy, each a mean over samples.

    Logits are [lane, action, sample], values [lane, sample]. The policy loss is -log-probability * A, the
    value loss the squared error. The samples' own log-probabilities and values are not looked at.
    """
    count = value.shape[1]
    log_probs = logits.log_softmax(1)
    probs = log_probs.exp()
    entropy = -(probs * log_probs).sum(1)

    action, advantage = samples.action.unsqueeze(1), samples.advantage.unsqueeze(1)
    # d -log-probability of the action / d logits = probs, less 1 at the action
    d_logits = (probs * advantage).scatter_add_(1, action, -advantage)
    # minus d entropy / d logits = probs * (log_probs + entropy)
    d_logits.addcmul_(probs, (log_probs + entropy.unsqueeze(1)).mul_(weights.entropy_coef[:, None, None]))
    error = value - samples.target
    d_value = error * (weights.value_coef.unsqueeze(1) * (2 / count))

    policy_loss = -log_probs.gather(1, action).squeeze(1) * samples.advantage
    statistics = row_mean(torch.stack((policy_loss, error.square(), entropy), dim=1))
    return LossGradient(d_logits.div_(count), d_value, statistics)
