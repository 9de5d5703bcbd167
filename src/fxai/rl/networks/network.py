"""The contract of a network: a stack of nets of the same shape, each with its own weights, as one tensor operation."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor

from fxai.rl.networks.parameter_layout import ParameterLayout

VectorJacobianProduct: TypeAlias = Callable[[Tensor], Tensor]
"""Maps the derivative of a loss by outputs [net, outputs, sample] to that by weights [net, size]."""


class Network(Protocol):
    """Nets of one shape. The net axis has the lanes, or actor and critic of each lane.

    The output axis comes before the sample axis: with three outputs, a product of samples by outputs is four times
    slower, and a softmax over the last axis eight times.
    """

    layout: ParameterLayout
    dropout_sites: int  # activations of one sample that dropout may mask

    def initial(self, gaussian: Tensor, head_gain: float) -> Tensor:
        """Initial weights [net, size] from standard normal numbers [net, size], on the host."""
        ...

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, outputs, sample].

        Args:
            weights: [net, size].
            observation: [n, sample, *shape]. If n is less than the number of nets, each observation is used by several
                consecutive nets.
            keep: Dropout factors of the activations [net, sample, dropout_sites]; see `dropout.py`.
        """
        ...

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """The outputs and the vector-Jacobian product, which may be called once."""
        ...


def repeat_for_nets(observation: Tensor, nets: int) -> Tensor:
    """Observations [n, ...] repeated to [net, ...]."""
    return observation if len(observation) == nets else observation.repeat_interleave(nets // len(observation), 0)


def rows_and_columns(observation_shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of an observation as a window of bars; a flat observation has one row."""
    *rows, columns = observation_shape
    return (rows[0] if rows else 1), columns
