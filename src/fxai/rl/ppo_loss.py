"""PPO's clipped loss (Schulman et al. 2017, arXiv 1707.06347, equation 9) and its gradient in closed form.

For small networks autograd's pass over these forty tiny operations costs as much as the network itself;
the gradient with respect to logits and value is short enough to write down. The tests hold it to autograd.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.hyperparameters import Hyperparameters
from fxai.rl.rollout import Samples


@dataclass(frozen=True, slots=True)
class LossGradient:
    """Derivatives of each lane's loss, and what the minibatch says of the policy's change."""

    logits: Tensor  # [lane, sample, action]
    value: Tensor  # [lane, sample]
    statistics: Tensor  # [lane, 5]: means over the minibatch, named by STATISTICS


STATISTICS = ("policy_loss", "value_loss", "entropy", "kl", "clip_fraction")
KL = STATISTICS.index("kl")


def loss_gradient(logits: Tensor, value: Tensor, samples: Samples, hyper: Hyperparameters) -> LossGradient:
    """Gradient of policy loss + value_coef * value loss - entropy_coef * entropy, each a mean over samples.

    The policy loss is -min(ratio * A, clip(ratio) * A); the value loss the larger of the squared errors
    before and after the value is held within `value_clip_epsilon` of the roll-out's. KL is estimated by
    ratio - 1 - log ratio (Schulman 2020, "Approximating KL divergence", k3).
    """
    count = value.shape[1]
    log_probs = logits.log_softmax(-1)
    probs = log_probs.exp()
    entropy = -(probs * log_probs).sum(-1)

    log_ratio = log_probs.gather(-1, samples.action.unsqueeze(-1)).squeeze(-1) - samples.log_prob
    ratio = log_ratio.exp()
    epsilon = hyper.clip_epsilon.unsqueeze(1)
    gain = ratio * samples.advantage
    clipped_gain = ratio.clamp(1 - epsilon, 1 + epsilon) * samples.advantage
    chosen = -(gain * (gain <= clipped_gain)).unsqueeze(-1)  # d policy loss / d log-probability of the action
    d_policy = (chosen * -probs).scatter_add_(-1, samples.action.unsqueeze(-1), chosen)
    d_entropy = -probs * (log_probs + entropy.unsqueeze(-1))
    d_logits = d_policy - hyper.entropy_coef[:, None, None] * d_entropy

    error, value_loss = _value_error(value, samples, hyper.value_clip_epsilon.unsqueeze(1))
    d_value = 2 * hyper.value_coef.unsqueeze(1) * error

    statistics = torch.stack(
        (
            -torch.minimum(gain, clipped_gain),
            value_loss,
            entropy,
            ratio - 1 - log_ratio,
            ((ratio - 1).abs() > epsilon).float(),
        ),
        dim=1,
    ).mean(-1)
    return LossGradient(d_logits / count, d_value / count, statistics)


def _value_error(value: Tensor, samples: Samples, limit: Tensor) -> tuple[Tensor, Tensor]:
    """The error that counts, 0 where clipping hides it from the gradient, and the squared loss."""
    error = value - samples.target
    moved = value - samples.value
    held = samples.value + moved.clamp(-limit, limit) - samples.target
    plain, clipped = error.square(), held.square()
    hidden = (moved.abs() > limit) & (clipped > plain)  # within the limit the two differ by rounding only
    return error * ~hidden, torch.maximum(plain, clipped)
