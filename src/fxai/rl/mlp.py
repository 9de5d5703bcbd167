"""A multilayer perceptron over the flattened observation."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from fxai.rl.network import VectorJacobianProduct
from fxai.rl.orthogonal import orthogonal
from fxai.rl.parameter_layout import ParameterLayout


class Mlp:
    """Hidden layers of one width with tanh, then a linear head."""

    def __init__(self, observation_shape: tuple[int, ...], width: int, depth: int, outputs: int) -> None:
        widths = [math.prod(observation_shape), *[width] * depth, outputs]
        self._layers = [(f"{i}.weight", f"{i}.bias") for i in range(depth + 1)]
        self._width = width
        self.dropout_sites = depth * width
        shapes: dict[str, tuple[int, ...]] = {}
        for (weight, bias), (fan_in, fan_out) in zip(self._layers, pairwise(widths), strict=True):
            shapes |= {weight: (fan_in, fan_out), bias: (1, fan_out)}
        self.layout = ParameterLayout(shapes)

    def initial(self, gaussian: Tensor, head_gain: float) -> Tensor:
        """Orthogonal weights and biases of zero."""
        parts = self.layout.views(gaussian.clone())
        for weight, bias in self._layers:
            gain = head_gain if (weight, bias) == self._layers[-1] else math.sqrt(2)
            parts[weight] = orthogonal(parts[weight], gain)
            parts[bias] = torch.zeros_like(parts[bias])
        return torch.cat([part.flatten(1) for part in parts.values()], dim=1)

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, sample, outputs]; see `Network`."""
        return self._forward(self.layout.views(weights), observation, keep)[0]

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs and backpropagation, written out: for nets this small autograd's own work is a third of a step."""
        parts = self.layout.views(weights)
        outputs, inputs, activities = self._forward(parts, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            gradients = self.layout.views(gradient)
            delta = d_outputs
            for layer, (weight, bias) in reversed(list(enumerate(self._layers))):
                gradients[weight].copy_(torch.bmm(inputs[layer].mT, delta))
                gradients[bias].copy_(delta.sum(1, keepdim=True))
                if layer:
                    delta = self._silenced(torch.bmm(delta, parts[weight].mT), keep, layer - 1)
                    activity = activities[layer - 1]
                    delta = torch.addcmul(delta, delta * activity, activity, value=-1)  # tanh' = 1 - tanh^2
            return gradient

        return outputs, backward

    def _forward(
        self, parts: dict[str, Tensor], observation: Tensor, keep: Tensor | None
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Outputs, each layer's inputs, and each hidden layer's activities before dropout."""
        inputs, activities = [observation.flatten(2)], []
        for layer, (weight, bias) in enumerate(self._layers[:-1]):
            activities.append(torch.baddbmm(parts[bias], inputs[-1], parts[weight]).tanh_())
            inputs.append(self._silenced(activities[-1], keep, layer))
        weight, bias = self._layers[-1]
        return torch.baddbmm(parts[bias], inputs[-1], parts[weight]), inputs, activities

    def _silenced(self, activity: Tensor, keep: Tensor | None, layer: int) -> Tensor:
        if keep is None:
            return activity
        return activity * keep[..., layer * self._width : (layer + 1) * self._width]
