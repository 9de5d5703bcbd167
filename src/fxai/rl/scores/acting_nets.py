"""The nets that decide for an agent: one multilayer perceptron, or those of a committee's members."""

from dataclasses import dataclass

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.kernels import NetArrays, mlp_forward
from fxai.rl.networks.mlp_shape import MlpShape

_NO_MASK = np.empty((0, 0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ActingNets:
    """Nets of one shape. The weights of an agent are those of each member, one after the other."""

    network: MlpShape
    stride: int  # numbers of a member; the first ones are those of its net
    columns: Array  # of an observation, which each member reads, [member, column]
    of_probabilities: bool  # whether the mean over the members is that of probabilities; else of the outputs

    @classmethod
    def of_one(cls, network: MlpShape, stride: int) -> "ActingNets":
        """One net, which reads all columns."""
        return cls(network, stride, np.arange(network.observation_shape[-1])[None], of_probabilities=False)

    @property
    def size(self) -> int:
        """Numbers of an agent's weights."""
        return len(self.columns) * self.stride

    def arrays(self) -> NetArrays:
        """The nets for compiled loops."""
        return NetArrays(self.network.widths, self.network.size, self.stride, self.columns, self.of_probabilities)

    def preferences(self, weights: Array, observations: Array) -> Array:
        """Preferences [observation, action] of one agent; see `rl/agents/committee_policy.py`.

        Args:
            weights: [size].
            observations: [observation, window, column] float32.
        """
        members, count = len(self.columns), len(observations)
        own = np.stack([observations[..., columns] for columns in self.columns]).reshape(members, count, -1)
        sites = sum(self.network.hidden)
        memory = np.empty(members * count * sites, own.dtype)
        outputs = np.empty((members, self.network.outputs, count), own.dtype)
        numbers = np.ascontiguousarray(weights)[: (members - 1) * self.stride + self.network.size]
        mlp_forward(numbers, self.stride, self.network.widths, own, _NO_MASK, memory, memory, outputs)
        preferences: Array = self._mean(outputs).T
        return preferences

    def _mean(self, outputs: Array) -> Array:
        """The mean over the members of outputs [member, action, observation]."""
        mean: Array = outputs[0]
        if len(outputs) > 1 and self.of_probabilities:
            log_probability = outputs - _log_sum_exp(outputs, axis=1)
            mean = _log_sum_exp(log_probability, axis=0)[0] - np.log(np.float32(len(outputs)))
        elif len(outputs) > 1:
            mean = outputs.mean(axis=0)
        return mean


def _log_sum_exp(values: Array, axis: int) -> Array:
    """Logarithms of sums of exponentials; the axis remains with the length 1."""
    largest = values.max(axis=axis, keepdims=True)
    found: Array = largest + np.log(np.exp(values - largest).sum(axis=axis, keepdims=True))
    return found
