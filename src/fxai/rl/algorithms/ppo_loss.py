"""PPO's clipped loss and its gradient in closed form.

Source: Schulman et al. 2017, arXiv 1707.06347, equation 9. For small networks autograd over these forty small
operations takes as long as the network itself. Tests compare the gradient with autograd.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from fxai.rl.algorithms.samples import Samples
from fxai.rl.kernels import PPO_STATISTICS, ppo_loss
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.networks.row_sums import row_mean

STATISTICS = PPO_STATISTICS[:-1]  # without the norm of the gradient
KL = STATISTICS.index("kl")


@dataclass(frozen=True, slots=True)
class PpoLossWeights:
    """Coefficients of each lane's loss, in the shapes in which they are used."""

    clip_epsilon: Tensor  # [lane, 1]
    value_clip_epsilon: Tensor | None  # [lane, 1], infinite for lanes without it; None if no lane has it
    entropy_coef: Tensor  # [lane, 1, 1]
    value_coef: Tensor  # [lane, 1]

    @classmethod
    def of(
        cls, *, clip_epsilon: Tensor, value_clip_epsilon: Tensor | None, entropy_coef: Tensor, value_coef: Tensor
    ) -> Self:
        """From tensors [lane]. A limit is infinite for a lane without it, and None if no lane has it."""
        return cls(
            clip_epsilon.unsqueeze(1),
            None if value_clip_epsilon is None else value_clip_epsilon.unsqueeze(1),
            entropy_coef[:, None, None],
            value_coef.unsqueeze(1),
        )

    def by_lane(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The four as tensors [lane]; a limit that no lane has is infinite."""
        limit = self.value_clip_epsilon
        value_limit = torch.full_like(self.clip_epsilon, torch.inf) if limit is None else limit
        return (
            self.clip_epsilon.flatten(),
            value_limit.flatten(),
            self.entropy_coef.flatten(),
            self.value_coef.flatten(),
        )

    def first(self, lanes: int) -> "PpoLossWeights":
        limit = self.value_clip_epsilon
        return PpoLossWeights(
            self.clip_epsilon[:lanes],
            None if limit is None else limit[:lanes],
            self.entropy_coef[:lanes],
            self.value_coef[:lanes],
        )


@dataclass(frozen=True, slots=True)
class PpoLossGradient:
    """Derivatives of each lane's loss, and statistics of the minibatch if requested."""

    logits: Tensor  # [lane, action, sample]
    value: Tensor  # [lane, sample]
    statistics: Tensor | None  # [lane, 5]: means over the minibatch, named by STATISTICS


def ppo_loss_gradient(
    logits: Tensor, value: Tensor, samples: Samples, weights: PpoLossWeights, *, with_statistics: bool
) -> PpoLossGradient:
    """Gradient of policy loss + value_coef * value loss - entropy_coef * entropy, each a mean over samples.

    The policy loss is -min(ratio * A, clip(ratio) * A). The value loss is the larger of the squared errors before and
    after the value is clipped to within `value_clip_epsilon` of the roll-out's value. KL is estimated by ratio - 1 -
    log ratio (Schulman 2020, "Approximating KL divergence", k3).

    Args:
        logits: [lane, action, sample].
        value: [lane, sample].
        samples: Actions, log-probabilities, values, advantages and targets of the roll-out.
        weights: Coefficients.
        with_statistics: Whether to compute statistics, which doubles the time with torch's operations.
    """
    if runs_on_kernels(value):
        return _by_kernel(logits, value, samples, weights, with_statistics=with_statistics)
    count = value.shape[1]
    log_probs = logits.log_softmax(1)
    probs = log_probs.exp()
    negative_entropy = (probs * log_probs).sum(1)  # -entropy

    action = samples.action.unsqueeze(1)
    log_ratio = log_probs.gather(1, action).squeeze(1).sub_(samples.log_prob)
    ratio = log_ratio.exp()
    change = ratio - 1
    gain = ratio * samples.advantage
    # -d policy loss / d log_prob(action), as a mean over samples. It is 0 where the ratio is beyond the clip limit
    # in the direction of gain.
    within = change * samples.advantage.sign() <= weights.clip_epsilon
    chosen = torch.where(within, gain, 0.0).div_(count).unsqueeze(1)
    d_logits = (chosen * probs).scatter_add_(1, action, -chosen)
    spread = (log_probs - negative_entropy.unsqueeze(1)).mul_(weights.entropy_coef / count)
    d_logits.addcmul_(probs, spread)  # -d entropy / d logits = probs * (log_probs + entropy)

    error, value_loss = _value_error(value, samples, weights.value_clip_epsilon)
    statistics = None
    if with_statistics:
        clipped = (change.abs() > weights.clip_epsilon).to(change.dtype)
        clipped_gain = change.clamp(-weights.clip_epsilon, weights.clip_epsilon).add_(1).mul_(samples.advantage)
        parts = (-torch.minimum(gain, clipped_gain), value_loss, -negative_entropy, change - log_ratio, clipped)
        statistics = row_mean(torch.stack(parts, dim=1))
    return PpoLossGradient(d_logits, error * (weights.value_coef * (2 / count)), statistics)


def _by_kernel(
    logits: Tensor, value: Tensor, samples: Samples, weights: PpoLossWeights, *, with_statistics: bool
) -> PpoLossGradient:
    lanes = len(value)
    known = samples.action, samples.log_prob, samples.value, samples.advantage, samples.target
    d_logits, d_value, statistics = (
        torch.empty_like(logits),
        torch.empty_like(value),
        value.new_empty(lanes, len(STATISTICS)),
    )
    arrays = (logits, value, *known, *weights.by_lane(), d_logits, d_value, statistics)
    ppo_loss(*(array.numpy() for array in arrays))
    return PpoLossGradient(d_logits, d_value, statistics if with_statistics else None)


def _value_error(value: Tensor, samples: Samples, limit: Tensor | None) -> tuple[Tensor, Tensor]:
    """The error with a gradient (0 where clipping removes the gradient), and the squared loss."""
    error = value - samples.target
    squared_error = error.square()
    if limit is None:
        return error, squared_error
    value_change = value - samples.value
    clipped_error = samples.value + value_change.clamp(-limit, limit) - samples.target
    clipped = clipped_error.square()
    is_clipped = (value_change.abs() > limit) & (
        clipped > squared_error
    )  # within the limit both are equal except for rounding
    return error * ~is_clipped, torch.maximum(squared_error, clipped)
