"""Gated recurrent units (Cho et al. 2014, arXiv 1406.1078) over the rows of the observation: the bars of the window.

The equations are torch.nn.GRU's, where the reset gate acts behind the recurrent product. Each observation is
read from its oldest row to its newest with a state that begins at zero, and the newest state answers: the
window is the memory. No state is carried from step to step, so a policy is a function of its observation and
a minibatch may take samples in any order.

The gates' sigmoid is taken from the exponential: torch's own one rounds the last elements of a tensor in
another way than the others, so a lane's numbers would depend on its neighbours.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from fxai.rl.networks.network import VectorJacobianProduct, for_each_net, rows_and_columns
from fxai.rl.networks.orthogonal import orthogonal
from fxai.rl.networks.parameter_layout import ParameterLayout
from fxai.rl.networks.row_sums import row_sum


class _Layer(NamedTuple):
    """What a layer met on its way through the window; the gates' axis holds reset, update and candidate."""

    inputs: Tensor  # [net, row * sample, fan_in]
    states: Tensor  # [net, 1 + row, sample, width], of which the first is zero
    gates: Tensor  # [net, row, sample, 3 * width]
    recalled: Tensor  # [net, row, sample, width], what the reset gate lets into the candidate, or not


class Gru:
    """`depth` layers, one above the other, then a linear head on the newest state of the last."""

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
        """An orthogonal matrix for each gate, biases of zero."""
        parts = self.layout.views(gaussian)
        return torch.cat([self._initial(name, part, head_gain).flatten(1) for name, part in parts.items()], dim=1)

    def _initial(self, name: str, gaussian: Tensor, head_gain: float) -> Tensor:
        if name.endswith(".bias"):
            return torch.zeros_like(gaussian)
        if name == "head.weight":
            return orthogonal(gaussian, head_gain)
        return torch.cat([orthogonal(gate, 1.0) for gate in gaussian.split(self._width, dim=2)], dim=2)

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, outputs, sample]; see `Network`.

        A layer's output has one mask for all rows (Gal and Ghahramani 2016, arXiv 1512.05287, section 4);
        the recurrent state has none.
        """
        return self._forward(self.layout.views(weights), observation, keep)[0]

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs and backpropagation through the window, written out."""
        parts = self.layout.views(weights)
        outputs, newest, layers = self._forward(parts, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            gradient = torch.empty_like(weights)
            gradients = self.layout.views(gradient)
            gradients["head.weight"].copy_(torch.bmm(d_outputs, newest))
            gradients["head.bias"].copy_(row_sum(d_outputs).unsqueeze(2))
            d_above = torch.zeros_like(layers[-1].recalled)
            d_above[:, -1] = torch.bmm(d_outputs.mT, parts["head.weight"])
            for layer in reversed(range(self._depth)):
                d_states = self._silenced(d_above, keep, layer)
                d_sums = self._layer_backward(parts, gradients, layer, layers[layer], d_states)
                if layer:
                    d_above = torch.bmm(d_sums, parts[f"{layer}.input.weight"].mT).view_as(d_above)
            return gradient

        return outputs, backward

    def _forward(
        self, parts: dict[str, Tensor], observation: Tensor, keep: Tensor | None
    ) -> tuple[Tensor, Tensor, list[_Layer]]:
        """Outputs, what the head saw [net, sample, width], and each layer's way."""
        nets, samples = len(parts["head.bias"]), observation.shape[1]
        seen = for_each_net(observation, nets)
        rows = seen.reshape(nets, samples, self._rows, self._columns).transpose(1, 2)
        layers = []
        for layer in range(self._depth):
            layers.append(self._layer_forward(parts, layer, rows.flatten(1, 2), samples))
            rows = self._silenced(layers[-1].states[:, 1:], keep, layer)
        newest = rows[:, -1]
        return torch.baddbmm(parts["head.bias"], parts["head.weight"], newest.mT), newest, layers

    def _layer_forward(self, parts: dict[str, Tensor], layer: int, inputs: Tensor, samples: int) -> _Layer:
        width, nets = self._width, len(inputs)
        gates = torch.baddbmm(parts[f"{layer}.input.bias"], inputs, parts[f"{layer}.input.weight"])
        gates = gates.view(nets, self._rows, samples, 3 * width)
        recalled = gates.new_empty(nets, self._rows, samples, width)
        states = gates.new_zeros(nets, 1 + self._rows, samples, width)
        weight, bias = parts[f"{layer}.state.weight"], parts[f"{layer}.state.bias"]
        for row in range(self._rows):
            before, here = states[:, row], gates[:, row]
            from_state = torch.baddbmm(bias, before, weight)
            opening = here[..., : 2 * width].add_(from_state[..., : 2 * width])
            reset, update = opening.neg_().exp_().add_(1).reciprocal_().split(width, dim=-1)
            recalled[:, row] = from_state[..., 2 * width :]
            candidate = here[..., 2 * width :].addcmul_(reset, recalled[:, row]).tanh_()
            states[:, row + 1] = torch.lerp(candidate, before, update)
        return _Layer(inputs, states, gates, recalled)

    def _layer_backward(
        self, parts: dict[str, Tensor], gradients: dict[str, Tensor], layer: int, met: _Layer, d_states: Tensor
    ) -> Tensor:
        """Fill the layer's gradients; the derivative by its inputs' products [net, row * sample, 3 * width].

        `d_states` [net, row, sample, width] comes from above. All that a gate passes on is in proportion to
        the derivative by the state behind it, so the factors are taken for all rows at once.
        """
        reset, update, candidate = met.gates.split(self._width, dim=-1)
        to_candidate = (1 - update) * (1 - candidate.square())
        to_update = (met.states[:, :-1] - candidate) * update * (1 - update)
        to_recalled = to_candidate * reset
        to_reset = to_recalled * (1 - reset) * met.recalled
        from_state = torch.stack([to_reset, to_update, to_recalled], dim=3)  # [net, row, sample, 3, width]
        back = parts[f"{layer}.state.weight"].mT
        d_state = d_states[:, -1]
        d_candidate = torch.empty_like(met.recalled)
        for row in reversed(range(self._rows)):
            d_candidate[:, row] = d_state * to_candidate[:, row]
            d_sums = from_state[:, row].mul_(d_state.unsqueeze(2)).flatten(2)
            if row:
                d_state = torch.baddbmm(d_state * update[:, row], d_sums, back).add_(d_states[:, row - 1])

        d_sums = from_state.flatten(3).flatten(1, 2)  # by the state's share of the gates' sums
        gradients[f"{layer}.state.weight"].copy_(torch.bmm(met.states[:, :-1].flatten(1, 2).mT, d_sums))
        gradients[f"{layer}.state.bias"].copy_(d_sums.sum(1, keepdim=True))
        from_state[:, :, :, 2] = d_candidate  # by the inputs' share: the reset gate does not stand before it
        gradients[f"{layer}.input.weight"].copy_(torch.bmm(met.inputs.mT, d_sums))
        gradients[f"{layer}.input.bias"].copy_(d_sums.sum(1, keepdim=True))
        return d_sums

    def _silenced(self, rows: Tensor, keep: Tensor | None, layer: int) -> Tensor:
        """Rows [net, row, sample, width], scaled by the layer's mask."""
        if keep is None:
            return rows
        return rows * keep[..., layer * self._width : (layer + 1) * self._width].unsqueeze(1)
