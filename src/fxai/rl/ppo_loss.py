"""PPO's clipped loss (Schulman et al. 2017, arXiv 1707.06347, equation 9) and its gradient in closed form.

For small networks autograd's pass over these forty tiny operations costs as much as the network itself;
the gradient with respect to logits and value is short enough to write down. The tests hold it to autograd.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fxai.rl.samples import Samples


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What shapes each lane's loss, [lane]; a limit that is not set is infinite."""

    clip_epsilon: Tensor
    value_clip_epsilon: Tensor
    entropy_coef: Tensor
    value_coef: Tensor

    def first(self, lanes: int) -> "LossWeights":
        return LossWeights(*(getattr(self, field.name)[:lanes] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class LossGradient:
    """Derivatives of each lane's loss, and what the minibatch says of the policy's change."""

    logits: Tensor  # [lane, action, sample]
    value: Tensor  # [lane, sample]
    statistics: Tensor  # [lane, 5]: means over the minibatch, named by STATISTICS


STATISTICS = ("policy_loss", "value_loss", "entropy", "kl", "clip_fraction")
KL = STATISTICS.index("kl")


def loss_gradient(logits: Tensor, value: Tensor, samples: Samples, weights: LossWeights) -> LossGradient:
    """Gradient of policy loss + value_coef * value loss - entropy_coef * entropy, each a mean over samples.

    Logits are [lane, action, sample], values [lane, sample]. The policy loss is
    -min(ratio * A, clip(ratio) * A); the value loss the larger of the squared errors before and after the
    value is held within `value_clip_epsilon` of the roll-out's. KL is estimated by ratio - 1 - log ratio
    (Schulman 2020, "Approximating KL divergence", k3).
    """
    count = value.shape[1]
    log_probs = logits.log_softmax(1)
    probs = log_probs.exp()
    entropy = -(probs * log_probs).sum(1)

    action = samples.action.unsqueeze(1)
    log_ratio = log_probs.gather(1, action).squeeze(1) - samples.log_prob
    ratio = log_ratio.exp()
    change = ratio - 1
    epsilon = weights.clip_epsilon.unsqueeze(1)
    gain = ratio * samples.advantage
    clipped_gain = torch.clamp(change, -epsilon, epsilon).add_(1).mul_(samples.advantage)
    chosen = (gain * (gain <= clipped_gain)).unsqueeze(1)  # minus d policy loss / d log-probability of the action
    d_logits = (chosen * probs).scatter_add_(1, action, -chosen)
    # minus d entropy / d logits = probs * (log_probs + entropy)
    d_logits.addcmul_(probs, (log_probs + entropy.unsqueeze(1)).mul_(weights.entropy_coef[:, None, None]))

    error, value_loss = _value_error(value, samples, weights.value_clip_epsilon.unsqueeze(1))
    d_value = error.mul_(weights.value_coef.unsqueeze(1) * (2 / count))

    parts = (-torch.minimum(gain, clipped_gain), value_loss, entropy, change - log_ratio, change.abs() > epsilon)
    statistics = torch.stack(parts, dim=1).mean(-1)
    return LossGradient(d_logits.div_(count), d_value, statistics)


def _value_error(value: Tensor, samples: Samples, limit: Tensor) -> tuple[Tensor, Tensor]:
    """The error that counts, 0 where clipping hides it from the gradient, and the squared loss."""
    error = value - samples.target
    moved = value - samples.value
    held = samples.value + moved.clamp(-limit, limit) - samples.target
    plain, clipped = error.square(), held.square()
    hidden = (moved.abs() > limit) & (clipped > plain)  # within the limit the two differ by rounding only
    return error * ~hidden, torch.maximum(plain, clipped)
