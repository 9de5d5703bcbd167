"""The categorical distribution of an action over its logits [lane, action, sample]."""

from torch import Tensor


def sample(logits: Tensor, chance: Tensor) -> Tensor:
    """Actions [lane, sample] int64 by inverse distribution function, for `chance` [lane, sample] on [0, 1)."""
    cumulative = logits.softmax(1).cumsum(1)[:, :-1]  # the last action takes what rounding leaves
    return (chance.unsqueeze(1) >= cumulative).sum(1)


def log_prob(logits: Tensor, action: Tensor) -> Tensor:
    """Log-probabilities [lane, sample] of actions [lane, sample]."""
    return logits.log_softmax(1).gather(1, action.unsqueeze(1)).squeeze(1)
