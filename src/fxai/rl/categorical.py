"""The categorical distribution of an action over its logits [..., action]."""

from torch import Tensor


def sample(logits: Tensor, chance: Tensor) -> Tensor:
    """Actions [...] int64 by inverse distribution function, for `chance` [...] uniform on [0, 1)."""
    cumulative = logits.softmax(-1).cumsum(-1)[..., :-1]  # the last action takes what rounding leaves
    return (chance.unsqueeze(-1) >= cumulative).sum(-1)


def log_prob(logits: Tensor, action: Tensor) -> Tensor:
    """Log-probabilities [...] of actions [...]."""
    return logits.log_softmax(-1).gather(-1, action.unsqueeze(-1)).squeeze(-1)
