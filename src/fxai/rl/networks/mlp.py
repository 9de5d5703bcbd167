"""A multilayer perceptron over the flattened observation.

A pack's update spends its time here. On a CPU a gradient step's two passes go net by net through `loops.mlp`; in
torch's operations, which a GPU takes, each layer of all nets would come and go through memory several times.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import torch
from torch import Tensor

from fxai.rl.kernels import mlp_backward, mlp_forward, runs_on_kernels
from fxai.rl.kernels.compiled import Array
from fxai.rl.networks.network import VectorJacobianProduct, for_each_net
from fxai.rl.networks.orthogonal import orthogonal
from fxai.rl.networks.parameter_layout import ParameterLayout
from fxai.rl.networks.row_sums import whole_portions


class Mlp:
    """Hidden layers with tanh, then a linear head."""

    def __init__(self, observation_shape: tuple[int, ...], hidden: Sequence[int], outputs: int) -> None:
        """`hidden` are the widths of the layers before the head."""
        widths = [math.prod(observation_shape), *hidden, outputs]
        self._widths = np.array(widths)
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
        if runs_on_kernels(weights):
            return self._by_kernel(weights, observation, keep).outputs
        return self._forward(self.layout.views(weights), observation, keep)[0]

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs and backpropagation, written out: for nets this small autograd's own work is a third of a step."""
        if runs_on_kernels(weights):
            return self._vjp_by_kernel(weights, observation, keep)
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
                delta = self._silenced(delta, keep, layer)
                delta = torch.ops.aten.tanh_backward.grad_input(delta, activities[layer], grad_input=delta)
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
        inputs, activities = [for_each_net(observation, len(parts[self._layers[0][0]])).flatten(2)], []
        for layer, (weight, bias) in enumerate(self._layers[:-1]):
            activities.append(torch.baddbmm(parts[bias], inputs[-1], parts[weight]).tanh_())
            inputs.append(self._silenced(activities[-1], keep, layer))
        weight, bias = self._layers[-1]
        return torch.baddbmm(parts[bias], parts[weight], inputs[-1].mT), inputs, activities

    def _vjp_by_kernel(
        self, weights: Tensor, observation: Tensor, keep: Tensor | None
    ) -> tuple[Tensor, VectorJacobianProduct]:
        done = self._by_kernel(weights, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            left = done.inputs, done.keep, done.activity, done.fed
            slopes = d_outputs.contiguous().numpy()
            mlp_backward(weights.numpy(), self._widths, *left, slopes, gradient.numpy())
            return gradient

        return done.outputs, backward

    def _by_kernel(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> "_Pass":
        nets, size = weights.shape
        stride, samples = weights.stride(0), observation.shape[1]
        row = weights.as_strided(((nets - 1) * stride + size,), (1,))
        inputs = observation.flatten(2).contiguous().numpy()
        kept = _NOTHING.astype(inputs.dtype) if keep is None else keep.contiguous().numpy()
        activity = np.empty(nets * samples * self.dropout_sites, inputs.dtype)
        fed = activity if keep is None else np.empty_like(activity)
        outputs = weights.new_empty(nets, int(self._widths[-1]), samples)
        mlp_forward(row.numpy(), stride, self._widths, inputs, kept, activity, fed, outputs.numpy())
        return _Pass(outputs, inputs, kept, activity, fed)

    def _silenced(self, activity: Tensor, keep: Tensor | None, layer: int) -> Tensor:
        if keep is None:
            return activity
        return activity * keep[..., self._sites[layer]]


_NOTHING = np.empty((0, 0, 0))
"""Where nothing is silenced."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """What a forward pass gave, and what it left for the way back."""

    outputs: Tensor
    inputs: Array
    keep: Array
    activity: Array
    fed: Array
