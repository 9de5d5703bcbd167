"""PPO's clipped loss (Schulman et al. 2017, arXiv 1707.06347, equation 9) and its gradient in closed form.

For small networks autograd's pass over these forty tiny operations costs as much as the network itself;
the gradient with respect to logits and value is short enough to write down. The tests hold it to autograd.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from fxai.rl.algorithms.samples import Samples
from fxai.rl.kernels import ppo_loss, runs_on_kernels
from fxai.rl.networks.row_sums import row_mean

STATISTICS = ("policy_loss", "value_loss", "entropy", "kl", "clip_fraction")
KL = STATISTICS.index("kl")


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What shapes each lane's loss, in the shapes in which it is used."""

    clip_epsilon: Tensor  # [lane, 1]
    value_clip_epsilon: Tensor | None  # [lane, 1], infinite where not set; None where no lane sets it
    entropy_coef: Tensor  # [lane, 1, 1]
    value_coef: Tensor  # [lane, 1]

    @classmethod
    def of(
        cls, *, clip_epsilon: Tensor, value_clip_epsilon: Tensor | None, entropy_coef: Tensor, value_coef: Tensor
    ) -> Self:
        """Each [lane]; a limit that a lane does not set is infinite, one that none sets is None."""
        return cls(
            clip_epsilon.unsqueeze(1),
            None if value_clip_epsilon is None else value_clip_epsilon.unsqueeze(1),
            entropy_coef[:, None, None],
            value_coef.unsqueeze(1),
        )

    def first(self, lanes: int) -> "LossWeights":
        limit = self.value_clip_epsilon
        return LossWeights(
            self.clip_epsilon[:lanes],
            None if limit is None else limit[:lanes],
            self.entropy_coef[:lanes],
            self.value_coef[:lanes],
        )


@dataclass(frozen=True, slots=True)
class LossGradient:
    """Derivatives of each lane's loss, and what the minibatch says of the policy's change if that was asked for."""

    logits: Tensor  # [lane, action, sample]
    value: Tensor  # [lane, sample]
    statistics: Tensor | None  # [lane, 5]: means over the minibatch, named by STATISTICS


def loss_gradient(
    logits: Tensor, value: Tensor, samples: Samples, weights: LossWeights, *, measured: bool
) -> LossGradient:
    """Gradient of policy loss + value_coef * value loss - entropy_coef * entropy, each a mean over samples.

    Logits are [lane, action, sample], values [lane, sample]. The policy loss is
    -min(ratio * A, clip(ratio) * A); the value loss the larger of the squared errors before and after the
    value is held within `value_clip_epsilon` of the roll-out's. KL is estimated by ratio - 1 - log ratio
    (Schulman 2020, "Approximating KL divergence", k3). `measured` asks for the statistics, which torch's
    operations take as long for as for the rest.
    """
    if runs_on_kernels(value):
        return _by_kernel(logits, value, samples, weights, measured=measured)
    count = value.shape[1]
    log_probs = logits.log_softmax(1)
    probs = log_probs.exp()
    certainty = (probs * log_probs).sum(1)  # minus the entropy

    action = samples.action.unsqueeze(1)
    log_ratio = log_probs.gather(1, action).squeeze(1).sub_(samples.log_prob)
    ratio = log_ratio.exp()
    change = ratio - 1
    gain = ratio * samples.advantage
    # Minus the derivative of the policy loss by the action's log-probability, as a mean over samples: none where
    # the policy has gone further in the direction of gain than it may.
    within = change * samples.advantage.sign() <= weights.clip_epsilon
    chosen = torch.where(within, gain, 0.0).div_(count).unsqueeze(1)
    d_logits = (chosen * probs).scatter_add_(1, action, -chosen)
    spread = (log_probs - certainty.unsqueeze(1)).mul_(weights.entropy_coef / count)
    d_logits.addcmul_(probs, spread)  # minus the entropy's derivative is probs * (log_probs + entropy)

    error, value_loss = _value_error(value, samples, weights.value_clip_epsilon)
    statistics = None
    if measured:
        clipped = (change.abs() > weights.clip_epsilon).to(change.dtype)
        clipped_gain = change.clamp(-weights.clip_epsilon, weights.clip_epsilon).add_(1).mul_(samples.advantage)
        parts = (-torch.minimum(gain, clipped_gain), value_loss, -certainty, change - log_ratio, clipped)
        statistics = row_mean(torch.stack(parts, dim=1))
    return LossGradient(d_logits, error * (weights.value_coef * (2 / count)), statistics)


def _by_kernel(
    logits: Tensor, value: Tensor, samples: Samples, weights: LossWeights, *, measured: bool
) -> LossGradient:
    lanes, limit = len(value), weights.value_clip_epsilon
    known = samples.action, samples.log_prob, samples.value, samples.advantage, samples.target
    limits = weights.clip_epsilon, torch.full_like(weights.clip_epsilon, torch.inf) if limit is None else limit
    coefficients = (each.view(lanes) for each in (*limits, weights.entropy_coef, weights.value_coef))
    d_logits, d_value, statistics = (
        torch.empty_like(logits),
        torch.empty_like(value),
        value.new_empty(lanes, len(STATISTICS)),
    )
    arrays = (logits, value, *known, *coefficients, d_logits, d_value, statistics)
    ppo_loss(*(array.numpy() for array in arrays))
    return LossGradient(d_logits, d_value, statistics if measured else None)


def _value_error(value: Tensor, samples: Samples, limit: Tensor | None) -> tuple[Tensor, Tensor]:
    """The error that counts, 0 where clipping hides it from the gradient, and the squared loss."""
    error = value - samples.target
    plain = error.square()
    if limit is None:
        return error, plain
    moved = value - samples.value
    held = samples.value + moved.clamp(-limit, limit) - samples.target
    clipped = held.square()
    hidden = (moved.abs() > limit) & (clipped > plain)  # within the limit the two differ by rounding only
    return error * ~hidden, torch.maximum(plain, clipped)
