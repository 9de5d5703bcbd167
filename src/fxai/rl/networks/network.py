"""The contract of a network: a stack of equal nets, each with weights of its own, as one tensor operation."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor

from fxai.rl.networks.parameter_layout import ParameterLayout

VectorJacobianProduct: TypeAlias = Callable[[Tensor], Tensor]
"""From the derivative of a loss by outputs [net, outputs, sample] to that by weights [net, size]."""


class Network(Protocol):
    """Nets of one shape. The net axis is whatever the caller stacks: lanes, or actor and critic of each.

    Outputs lead with the output's axis, not the sample's: a head of three columns is four times slower
    as a product of samples by columns, and a softmax over the last axis of three eight times.
    """

    layout: ParameterLayout
    dropout_sites: int  # activations of one sample that dropout may silence

    def initial(self, gaussian: Tensor, head_gain: float) -> Tensor:
        """Weights [net, size] made from standard normal numbers [net, size]."""
        ...

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, outputs, sample] for weights [net, size], observations [seen, sample, *shape].

        Where fewer observations are seen than there are nets, each is seen by several nets, one after the other.
        `keep` [net, sample, dropout_sites] scales the activations: 0 silences, see `dropout.py`.
        """
        ...

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """The same outputs, and how to carry a derivative back through them; to be called once."""
        ...


def for_each_net(observation: Tensor, nets: int) -> Tensor:
    """Observations [seen, ...] as [net, ...]."""
    return observation if len(observation) == nets else observation.repeat_interleave(nets // len(observation), 0)


def rows_and_columns(observation_shape: tuple[int, ...]) -> tuple[int, int]:
    """Of an observation as a window of bars; a flat one is a single row."""
    *rows, columns = observation_shape
    return (rows[0] if rows else 1), columns
