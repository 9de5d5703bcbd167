"""The categorical distribution of actions given logits [lane, action, sample]."""

from torch import Tensor


def sample(logits: Tensor, uniform: Tensor) -> Tensor:
    """Actions [lane, sample] int64, drawn by the inverse distribution function of `uniform`.

    Args:
        logits: [lane, action, sample].
        uniform: Random numbers on [0, 1), [lane, sample].
    """
    cumulative = logits.softmax(1).cumsum(1)[:, :-1]  # the last action absorbs rounding errors
    return (uniform.unsqueeze(1) >= cumulative).sum(1)


def log_prob(logits: Tensor, action: Tensor) -> Tensor:
    """Log-probabilities [lane, sample] of actions [lane, sample]."""
    return logits.log_softmax(1).gather(1, action.unsqueeze(1)).squeeze(1)
