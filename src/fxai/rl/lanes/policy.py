"""The contracts of a policy: for scores and agents, and for roll-outs and training."""

from typing import Protocol

from torch import Tensor


class Policy(Protocol):
    """A function of weights [lane, size] and observations [lane, sample, *observation_shape]."""

    @property
    def size(self) -> int:
        """Number of weights per lane."""
        ...

    def preferences(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Preferences [lane, action, sample]: logits or action values."""
        ...


class TrainablePolicy(Policy, Protocol):
    """A policy that an algorithm trains."""

    @property
    def dropout_sites(self) -> int:
        """Number of activations of one sample that dropout may mask."""
        ...

    def initial(self, seeds: Tensor) -> Tensor:
        """Initial weights [lane, size] for lane seeds [lane] int64, on the host."""
        ...

    def preferences(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Preferences [lane, action, sample].

        `keep` [lane, sample, dropout_sites] are the dropout factors of the activations in training.
        """
        ...


def greedy(policy: Policy, weights: Tensor, observation: Tensor) -> Tensor:
    """Preferred actions [lane, sample] int64."""
    return policy.preferences(weights, observation).argmax(1)
