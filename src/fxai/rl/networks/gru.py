"""Gated recurrent units (GRU) over the rows of the observation, which are the bars of the window.

Source: Cho et al. 2014, arXiv 1406.1078. The equations are those of torch.nn.GRU: the reset gate is applied after the
recurrent product. Each observation is read from the oldest row to the newest, from a state of zero, and the head uses
the last state. No state is carried between steps, so the policy is a function of its observation, and a minibatch may
have samples in any order.

The sigmoid is computed from the exponential, because torch.sigmoid rounds the last elements of a tensor differently, so
a lane's numbers would depend on its position.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from fxai.rl.networks.network import VectorJacobianProduct, repeat_for_nets, rows_and_columns
from fxai.rl.networks.orthogonal_tensor import orthogonal_tensor
from fxai.rl.networks.parameter_layout import ParameterLayout
from fxai.rl.networks.row_sums import row_sum


class _LayerPass(NamedTuple):
    """Values of a layer's forward pass. The axis of the gates has reset, update and candidate."""

    inputs: Tensor  # [net, row * sample, fan_in]
    states: Tensor  # [net, 1 + row, sample, width]; the first is zero
    gates: Tensor  # [net, row, sample, 3 * width]
    candidate_recurrent: Tensor  # [net, row, sample, width]: recurrent term of the candidate before the reset gate


class Gru:
    """`depth` GRU layers and a linear head on the last state of the last layer."""

    def __init__(self, observation_shape: tuple[int, ...], width: int, depth: int, outputs: int) -> None:
        self._rows, self._columns = rows_and_columns(observation_shape)
        self._width, self._depth = width, depth
        self.dropout_sites = depth * width
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(depth):
            shapes[f"{layer}.input.weight"] = (width if layer else self._columns, 3 * width)
            shapes[f"{layer}.input.bias"] = (1, 3 * width)
            shapes[f"{layer}.state.weight"] = (width, 3 * width)
            shapes[f"{layer}.state.bias"] = (1, 3 * width)
        shapes |= {"head.weight": (outputs, width), "head.bias": (outputs, 1)}  # see `Network` on outputs
        self.layout = ParameterLayout(shapes)

    def initial(self, gaussian: Tensor, head_gain: float) -> Tensor:
        """Orthogonal matrices, one per gate, and zero biases."""
        parts = self.layout.views(gaussian)
        return torch.cat([self._initial(name, part, head_gain).flatten(1) for name, part in parts.items()], dim=1)

    def _initial(self, name: str, gaussian: Tensor, head_gain: float) -> Tensor:
        if name.endswith(".bias"):
            return torch.zeros_like(gaussian)
        if name == "head.weight":
            return orthogonal_tensor(gaussian, head_gain)
        return torch.cat([orthogonal_tensor(gate, 1.0) for gate in gaussian.split(self._width, dim=2)], dim=2)

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, outputs, sample]; see `Network`.

        A layer's output has one mask for all rows (Gal and Ghahramani 2016, arXiv 1512.05287, section 4); the recurrent
        state has no dropout.
        """
        return self._forward(self.layout.views(weights), observation, keep)[0]

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs, and backpropagation through the window in closed form."""
        parts = self.layout.views(weights)
        outputs, newest, layers = self._forward(parts, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            gradients = self.layout.views(gradient)
            gradients["head.weight"].copy_(torch.bmm(d_outputs, newest))
            gradients["head.bias"].copy_(row_sum(d_outputs).unsqueeze(2))
            d_above = torch.zeros_like(layers[-1].candidate_recurrent)
            d_above[:, -1] = torch.bmm(d_outputs.mT, parts["head.weight"])
            for layer in reversed(range(self._depth)):
                d_states = self._apply_dropout(d_above, keep, layer)
                d_sums = self._layer_backward(parts, gradients, layer, layers[layer], d_states)
                if layer:
                    d_above = torch.bmm(d_sums, parts[f"{layer}.input.weight"].mT).view_as(d_above)
            return gradient

        return outputs, backward

    def _forward(
        self, parts: dict[str, Tensor], observation: Tensor, keep: Tensor | None
    ) -> tuple[Tensor, Tensor, list[_LayerPass]]:
        """Outputs, inputs of the head [net, sample, width], and each layer's pass."""
        nets, samples = len(parts["head.bias"]), observation.shape[1]
        net_observations = repeat_for_nets(observation, nets)
        rows = net_observations.reshape(nets, samples, self._rows, self._columns).transpose(1, 2)
        layers = []
        for layer in range(self._depth):
            layers.append(self._layer_forward(parts, layer, rows.flatten(1, 2), samples))
            rows = self._apply_dropout(layers[-1].states[:, 1:], keep, layer)
        newest = rows[:, -1]
        return torch.baddbmm(parts["head.bias"], parts["head.weight"], newest.mT), newest, layers

    def _layer_forward(self, parts: dict[str, Tensor], layer: int, inputs: Tensor, samples: int) -> _LayerPass:
        width, nets = self._width, len(inputs)
        gates = torch.baddbmm(parts[f"{layer}.input.bias"], inputs, parts[f"{layer}.input.weight"])
        gates = gates.view(nets, self._rows, samples, 3 * width)
        candidate_recurrent = gates.new_empty(nets, self._rows, samples, width)
        states = gates.new_zeros(nets, 1 + self._rows, samples, width)
        weight, bias = parts[f"{layer}.state.weight"], parts[f"{layer}.state.bias"]
        for row in range(self._rows):
            before, here = states[:, row], gates[:, row]
            from_state = torch.baddbmm(bias, before, weight)
            gate_sums = here[..., : 2 * width].add_(from_state[..., : 2 * width])
            reset, update = gate_sums.neg_().exp_().add_(1).reciprocal_().split(width, dim=-1)
            candidate_recurrent[:, row] = from_state[..., 2 * width :]
            candidate = here[..., 2 * width :].addcmul_(reset, candidate_recurrent[:, row]).tanh_()
            states[:, row + 1] = torch.lerp(candidate, before, update)
        return _LayerPass(inputs, states, gates, candidate_recurrent)

    def _layer_backward(
        self,
        parts: dict[str, Tensor],
        gradients: dict[str, Tensor],
        layer: int,
        layer_pass: _LayerPass,
        d_states: Tensor,
    ) -> Tensor:
        """Fill the layer's gradients.

        Every factor is proportional to the derivative by the next state, so the factors are computed for all rows at
        once.

        Args:
            parts: Weights.
            gradients: Tensors to fill.
            layer: Index.
            layer_pass: Values of the forward pass.
            d_states: Derivative by the layer's outputs, [net, row, sample, width].

        Returns:
            Derivative by the products of inputs and weights, [net, row * sample, 3 * width].
        """
        reset, update, candidate = layer_pass.gates.split(self._width, dim=-1)
        to_candidate = (1 - update) * (1 - candidate.square())
        to_update = (layer_pass.states[:, :-1] - candidate) * update * (1 - update)
        to_candidate_recurrent = to_candidate * reset
        to_reset = to_candidate_recurrent * (1 - reset) * layer_pass.candidate_recurrent
        from_state = torch.stack([to_reset, to_update, to_candidate_recurrent], dim=3)  # [net, row, sample, 3, width]
        recurrent_weight = parts[f"{layer}.state.weight"].mT
        d_state = d_states[:, -1]
        d_candidate = torch.empty_like(layer_pass.candidate_recurrent)
        for row in reversed(range(self._rows)):
            d_candidate[:, row] = d_state * to_candidate[:, row]
            d_sums = from_state[:, row].mul_(d_state.unsqueeze(2)).flatten(2)
            if row:
                d_state = torch.baddbmm(d_state * update[:, row], d_sums, recurrent_weight).add_(d_states[:, row - 1])

        d_sums = from_state.flatten(3).flatten(1, 2)  # derivative by the recurrent products
        gradients[f"{layer}.state.weight"].copy_(torch.bmm(layer_pass.states[:, :-1].flatten(1, 2).mT, d_sums))
        gradients[f"{layer}.state.bias"].copy_(d_sums.sum(1, keepdim=True))
        from_state[:, :, :, 2] = d_candidate  # derivative by the input products, to which no reset gate applies
        gradients[f"{layer}.input.weight"].copy_(torch.bmm(layer_pass.inputs.mT, d_sums))
        gradients[f"{layer}.input.bias"].copy_(d_sums.sum(1, keepdim=True))
        return d_sums

    def _apply_dropout(self, rows: Tensor, keep: Tensor | None, layer: int) -> Tensor:
        """Rows [net, row, sample, width] times the layer's mask."""
        if keep is None:
            return rows
        return rows * keep[..., layer * self._width : (layer + 1) * self._width].unsqueeze(1)
