"""The parameters of a multilayer perceptron: names, shapes and initial values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.networks.orthogonal import orthogonal


@dataclass(frozen=True)
class MlpShape:
    """Hidden layers with tanh and a linear head."""

    observation_shape: tuple[int, ...]
    hidden: tuple[int, ...]  # widths of the hidden layers
    outputs: int

    @cached_property
    def widths(self) -> Array:
        """Widths of the observation, the hidden layers and the outputs."""
        return np.array([math.prod(self.observation_shape), *self.hidden, self.outputs])

    @property
    def layers(self) -> list[tuple[str, str]]:
        """Names of the weight and the bias of each layer; the last one is the head."""
        return [(f"{i}.weight", f"{i}.bias") for i in range(len(self.hidden) + 1)]

    @cached_property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of each parameter by its name, in the order of the flat buffer."""
        shapes: dict[str, tuple[int, ...]] = {}
        widths = self.widths.tolist()
        for (weight, bias), (fan_in, fan_out) in zip(self.layers, pairwise(widths), strict=True):
            shapes |= {weight: (fan_in, fan_out), bias: (1, fan_out)}
        weight, bias = self.layers[-1]
        return shapes | {weight: (self.outputs, widths[-2]), bias: (self.outputs, 1)}  # see `Network` on outputs

    @cached_property
    def size(self) -> int:
        """Number of weights of a net."""
        return sum(map(math.prod, self.parameters.values()))

    def initial(self, gaussian: Array, head_gain: float) -> Array:
        """Orthogonal weights and zero biases [net, size], from standard normal numbers [net, size]."""
        head = self.layers[-1]
        weights = np.zeros_like(gaussian)
        stops = accumulate(map(math.prod, self.parameters.values()))
        for (name, shape), stop in zip(self.parameters.items(), stops, strict=True):
            if name.endswith(".weight"):
                part = slice(stop - math.prod(shape), stop)
                gain = head_gain if name == head[0] else math.sqrt(2)
                matrices = orthogonal(gaussian[:, part].reshape(-1, *shape), gain)
                weights[:, part] = matrices.reshape(len(gaussian), -1)
        return weights
