"""A multilayer perceptron on the flattened observation.

On a CPU both passes of a gradient step run net by net in `rl/kernels/mlp.py`. With torch's operations, which a GPU
uses, each layer of all nets would pass through memory several times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from fxai.market.rules.compiled import Array
from fxai.rl.kernels import mlp_backward, mlp_forward
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.networks.mlp_shape import MlpShape
from fxai.rl.networks.network import VectorJacobianProduct, repeat_for_nets
from fxai.rl.networks.parameter_layout import ParameterLayout
from fxai.rl.networks.row_sums import padded_rows


class Mlp:
    """Hidden layers with tanh and a linear head."""

    def __init__(self, observation_shape: tuple[int, ...], hidden: Sequence[int], outputs: int) -> None:
        """`hidden` are the widths of the hidden layers."""
        self.shape = MlpShape(observation_shape, tuple(hidden), outputs)
        self.widths = self.shape.widths
        self._layers = self.shape.layers
        self._sites = [slice(end - width, end) for width, end in zip(hidden, accumulate(hidden), strict=True)]
        self.dropout_sites = sum(hidden)
        self.layout = ParameterLayout(self.shape.parameters)

    def initial(self, gaussian: Tensor, head_gain: float) -> Tensor:
        """Orthogonal weights and zero biases."""
        return torch.from_numpy(self.shape.initial(gaussian.numpy(), head_gain))

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, outputs, sample]; see `Network`."""
        if runs_on_kernels(weights):
            return self._by_kernel(weights, observation, keep).outputs
        return self._forward(self.layout.views(weights), observation, keep)[0]

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs and backpropagation in closed form; for small nets autograd would add a third to a gradient step."""
        if runs_on_kernels(weights):
            return self._vjp_by_kernel(weights, observation, keep)
        parts = self.layout.views(weights)
        outputs, inputs, activities = self._forward(parts, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            gradients = self.layout.views(gradient)
            weight, bias = self._layers[-1]
            torch.bmm(d_outputs, inputs[-1], out=gradients[weight])
            torch.sum(padded_rows(d_outputs), 2, keepdim=True, out=gradients[bias])
            delta = torch.bmm(d_outputs.mT, parts[weight])
            for layer in reversed(range(len(activities))):
                delta = self._apply_dropout(delta, keep, layer)
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
        """Outputs, each layer's inputs, and each hidden layer's activations before dropout."""
        inputs, activities = [repeat_for_nets(observation, len(parts[self._layers[0][0]])).flatten(2)], []
        for layer, (weight, bias) in enumerate(self._layers[:-1]):
            activities.append(torch.baddbmm(parts[bias], inputs[-1], parts[weight]).tanh_())
            inputs.append(self._apply_dropout(activities[-1], keep, layer))
        weight, bias = self._layers[-1]
        return torch.baddbmm(parts[bias], parts[weight], inputs[-1].mT), inputs, activities

    def _vjp_by_kernel(
        self, weights: Tensor, observation: Tensor, keep: Tensor | None
    ) -> tuple[Tensor, VectorJacobianProduct]:
        forward_pass = self._by_kernel(weights, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            saved = forward_pass.inputs, forward_pass.keep, forward_pass.activations, forward_pass.after_dropout
            slopes = d_outputs.contiguous().numpy()
            mlp_backward(weights.numpy(), self.widths, *saved, slopes, gradient.numpy())
            return gradient

        return forward_pass.outputs, backward

    def _by_kernel(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> "_ForwardPass":
        nets, size = weights.shape
        stride, samples = weights.stride(0), observation.shape[1]
        row = weights.as_strided(((nets - 1) * stride + size,), (1,))
        inputs = observation.flatten(2).contiguous().numpy()
        kept = _NO_MASK.astype(inputs.dtype) if keep is None else keep.contiguous().numpy()
        activations = np.empty(nets * samples * self.dropout_sites, inputs.dtype)
        after_dropout = activations if keep is None else np.empty_like(activations)
        outputs = weights.new_empty(nets, int(self.widths[-1]), samples)
        mlp_forward(row.numpy(), stride, self.widths, inputs, kept, activations, after_dropout, outputs.numpy())
        return _ForwardPass(outputs, inputs, kept, activations, after_dropout)

    def _apply_dropout(self, activations: Tensor, keep: Tensor | None, layer: int) -> Tensor:
        if keep is None:
            return activations
        return activations * keep[..., self._sites[layer]]


_NO_MASK = np.empty((0, 0, 0))
"""Argument of the kernels for no dropout."""


@dataclass(frozen=True, slots=True)
class _ForwardPass:
    """Result of a forward pass, and the values that the backward pass needs."""

    outputs: Tensor
    inputs: Array
    keep: Array
    activations: Array
    after_dropout: Array
