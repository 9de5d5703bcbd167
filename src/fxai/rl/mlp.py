"""A multilayer perceptron over the flattened observation.

A pack's update spends its time here, and of that most in element-wise passes, so each of them counts:
tanh is taken from the exponential, which takes a third of the time on a CPU, and the factor that this
needs is part of the matrix product.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from fxai.rl.network import VectorJacobianProduct
from fxai.rl.orthogonal import orthogonal
from fxai.rl.parameter_layout import ParameterLayout
from fxai.rl.row_sums import whole_portions

_LN_2 = math.log(2)
_VECTOR = 64  # numbers: no smaller than two registers of any processor


class Mlp:
    """Hidden layers with tanh, then a linear head."""

    def __init__(self, observation_shape: tuple[int, ...], hidden: Sequence[int], outputs: int) -> None:
        """`hidden` are the widths of the layers before the head."""
        widths = [math.prod(observation_shape), *hidden, outputs]
        self._layers = [(f"{i}.weight", f"{i}.bias") for i in range(len(widths) - 1)]
        self._sites = [slice(end - width, end) for width, end in zip(hidden, accumulate(hidden), strict=True)]
        self.dropout_sites = sum(hidden)
        shapes: dict[str, tuple[int, ...]] = {}
        for (weight, bias), (fan_in, fan_out) in zip(self._layers, pairwise(widths), strict=True):
            shapes |= {weight: (fan_in, fan_out), bias: (1, fan_out)}
        weight, bias = self._layers[-1]
        shapes |= {weight: (outputs, widths[-2]), bias: (outputs, 1)}  # the head: see `Network` on outputs
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
        """Outputs [net, outputs, sample]; see `Network`."""
        return self._forward(self.layout.views(weights), observation, keep)[0]

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs and backpropagation, written out: for nets this small autograd's own work is a third of a step."""
        parts = self.layout.views(weights)
        outputs, inputs, activities = self._forward(parts, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            gradients = self.layout.views(gradient)
            weight, bias = self._layers[-1]
            torch.bmm(d_outputs, inputs[-1], out=gradients[weight])
            torch.sum(whole_portions(d_outputs), 2, keepdim=True, out=gradients[bias])
            delta = torch.bmm(d_outputs.mT, parts[weight])
            for layer in reversed(range(len(activities))):
                delta = torch.ops.aten.tanh_backward(self._silenced(delta, keep, layer), activities[layer])
                weight, bias = self._layers[layer]
                torch.bmm(inputs[layer].mT, delta, out=gradients[weight])
                torch.sum(delta, 1, keepdim=True, out=gradients[bias])
                if layer:
                    delta = torch.bmm(delta, parts[weight].mT)
            return gradient

        return outputs, backward

    def _forward(
        self, parts: dict[str, Tensor], observation: Tensor, keep: Tensor | None
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Outputs, each layer's inputs, and each hidden layer's activities before dropout."""
        inputs, activities = [observation.flatten(2)], []
        for layer, (weight, bias) in enumerate(self._layers[:-1]):
            activities.append(_tanh_layer(parts[bias], inputs[-1], parts[weight]))
            inputs.append(self._silenced(activities[-1], keep, layer))
        weight, bias = self._layers[-1]
        return torch.baddbmm(parts[bias], parts[weight], inputs[-1].mT), inputs, activities

    def _silenced(self, activity: Tensor, keep: Tensor | None, layer: int) -> Tensor:
        if keep is None:
            return activity
        return activity * keep[..., self._sites[layer]]


def _tanh_layer(bias: Tensor, rows: Tensor, weight: Tensor) -> Tensor:
    """tanh(bias + rows @ weight), as 1 - 2 / (1 + exp(2 x)).

    torch's exp2 is twice as fast as its exp, but it rounds what is left over from whole vectors in another
    way. It is taken where each net's share is made of whole vectors, so that no lane's numbers depend on
    how many others there are.
    """
    if rows.shape[1] * weight.shape[2] % _VECTOR:
        growing = torch.baddbmm(bias, rows, weight, beta=2, alpha=2).exp_()
    else:
        growing = torch.baddbmm(bias, rows, weight, beta=2 / _LN_2, alpha=2 / _LN_2).exp2_()
    return torch.rsub(growing.add_(1).reciprocal_(), 1, alpha=2)
