"""What acts: the contract that roll-outs, scores and agents know of any algorithm's networks."""

from typing import Protocol

from torch import Tensor


class Policy(Protocol):
    """Functions of weights [lane, size] and observations [lane, sample, *observation_shape]."""

    @property
    def size(self) -> int:
        """Numbers per lane."""
        ...

    @property
    def dropout_sites(self) -> int:
        """Activations of one sample that dropout may silence."""
        ...

    def initial(self, seeds: Tensor) -> Tensor:
        """Weights [lane, size] to begin with, for lane seeds [lane] int64."""
        ...

    def preferences(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """How much each action is preferred, [lane, action, sample]: logits, or values of actions.

        `keep` [lane, sample, dropout_sites] scales the activations while the policy learns.
        """
        ...


def greedy(policy: Policy, weights: Tensor, observation: Tensor) -> Tensor:
    """The preferred actions [lane, sample] int64."""
    return policy.preferences(weights, observation).argmax(1)
