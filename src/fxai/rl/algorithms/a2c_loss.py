"""The loss of the advantage actor-critic and its gradient in closed form.

Source: Mnih et al. 2016, arXiv 1602.01783, section 4. `ppo_loss.py` states why autograd is not used. Tests compare the
gradient with autograd and with Stable-Baselines3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.samples import Samples
from fxai.rl.kernels import A2C_STATISTICS
from fxai.rl.networks.row_sums import row_mean


@dataclass(frozen=True, slots=True)
class A2cLossWeights:
    """Coefficients of the terms of each lane's loss, [lane]."""

    entropy_coef: Tensor
    value_coef: Tensor


@dataclass(frozen=True, slots=True)
class A2cLossGradient:
    """Derivatives of each lane's loss, and statistics of the roll-out."""

    logits: Tensor  # [lane, action, sample]
    value: Tensor  # [lane, sample]
    statistics: Tensor  # [lane, 3]: means over the samples, named by STATISTICS


STATISTICS = A2C_STATISTICS[:-1]  # without the norm of the gradient


def a2c_loss_gradient(logits: Tensor, value: Tensor, samples: Samples, weights: A2cLossWeights) -> A2cLossGradient:
    """Gradient of policy loss + value_coef * value loss - entropy_coef * entropy, each a mean over samples.

    The policy loss is -log-probability * advantage, the value loss the squared error. `samples.log_prob` and
    `samples.value` are not used.

    Args:
        logits: [lane, action, sample].
        value: [lane, sample].
        samples: Actions, advantages and targets.
        weights: Coefficients.
    """
    count = value.shape[1]
    log_probs = logits.log_softmax(1)
    probs = log_probs.exp()
    entropy = -(probs * log_probs).sum(1)

    action, advantage = samples.action.unsqueeze(1), samples.advantage.unsqueeze(1)
    # d -log_prob(action) / d logits = probs - one_hot(action)
    d_logits = (probs * advantage).scatter_add_(1, action, -advantage)
    # -d entropy / d logits = probs * (log_probs + entropy)
    d_logits.addcmul_(probs, (log_probs + entropy.unsqueeze(1)).mul_(weights.entropy_coef[:, None, None]))
    error = value - samples.target
    d_value = error * (weights.value_coef.unsqueeze(1) * (2 / count))

    policy_loss = -log_probs.gather(1, action).squeeze(1) * samples.advantage
    statistics = row_mean(torch.stack((policy_loss, error.square(), entropy), dim=1))
    return A2cLossGradient(d_logits.div_(count), d_value, statistics)
