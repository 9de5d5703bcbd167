"""A small pre-norm transformer over the rows of the observation, which are the bars of the window.

Source: Xiong et al. 2020, arXiv 2002.04745, figure 1b. Attention is not masked, since all bars lie in the past. The
head uses the row of the newest bar.
"""

import torch
from torch import Tensor
from torch.nn import functional

from fxai.rl.networks.network import VectorJacobianProduct, repeat_for_nets, rows_and_columns
from fxai.rl.networks.orthogonal_tensor import orthogonal_tensor
from fxai.rl.networks.parameter_layout import ParameterLayout

_POSITION_SCALE = 0.02


class Transformer:
    """Embedding, `depth` blocks of attention and feed-forward layers, layer norm, linear head."""

    def __init__(
        self,
        observation_shape: tuple[int, ...],
        *,
        width: int,
        depth: int,
        heads: int,
        feedforward: int,
        outputs: int,
    ) -> None:
        self._rows, self._columns = rows_and_columns(observation_shape)
        self._width, self._depth, self._heads = width, depth, heads
        self.dropout_sites = 2 * depth * self._rows * width
        shapes: dict[str, tuple[int, ...]] = {"position": (1, self._rows, width)}
        shapes |= _linear("embed", self._columns, width)
        for block in range(depth):
            shapes |= _norm(f"{block}.attention", width)
            shapes |= _linear(f"{block}.qkv", width, 3 * width)
            shapes |= _linear(f"{block}.mix", width, width)
            shapes |= _norm(f"{block}.feedforward", width)
            shapes |= _linear(f"{block}.widen", width, feedforward)
            shapes |= _linear(f"{block}.narrow", feedforward, width)
        shapes |= _norm("final", width) | _linear("head", width, outputs)
        self.layout = ParameterLayout(shapes)

    def initial(self, gaussian: Tensor, head_gain: float) -> Tensor:
        """Orthogonal matrices and norm scales of 1.

        Matrices that write to the residual stream are smaller with more depth.
        """
        parts = self.layout.views(gaussian)
        return torch.cat([self._initial(name, part, head_gain).flatten(1) for name, part in parts.items()], dim=1)

    def _initial(self, name: str, gaussian: Tensor, head_gain: float) -> Tensor:
        if name == "position":
            return _POSITION_SCALE * gaussian
        if name.endswith(".scale"):
            return torch.ones_like(gaussian)
        if not name.endswith(".weight"):
            return torch.zeros_like(gaussian)
        if name == "head.weight":
            return orthogonal_tensor(gaussian, head_gain)
        to_residual = name.endswith((".mix.weight", ".narrow.weight"))
        return orthogonal_tensor(gaussian, (2 * self._depth) ** -0.5 if to_residual else 1.0)

    def __call__(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> Tensor:
        """Outputs [net, outputs, sample]; see `Network`."""
        parts = self.layout.views(weights)
        nets, samples = len(weights), observation.shape[1]
        bars = repeat_for_nets(observation, nets).reshape(nets, samples * self._rows, self._columns)
        stream = _apply(parts, "embed", bars).unflatten(1, (samples, self._rows)) + parts["position"]
        masks = None if keep is None else keep.view(nets, samples, 2 * self._depth, self._rows, self._width).unbind(2)
        for block in range(self._depth):
            branch = self._attend(parts, block, _normed(parts, f"{block}.attention", stream))
            stream = stream + (branch if masks is None else branch * masks[2 * block])
            branch = self._feed_forward(parts, block, _normed(parts, f"{block}.feedforward", stream))
            stream = stream + (branch if masks is None else branch * masks[2 * block + 1])
        newest = _normed(parts, "final", stream[:, :, -1:]).squeeze(2)
        return _apply(parts, "head", newest).mT

    def vjp(self, weights: Tensor, observation: Tensor, keep: Tensor | None) -> tuple[Tensor, VectorJacobianProduct]:
        """Outputs and their vector-Jacobian product by autograd; see `Network`."""
        with torch.enable_grad():
            leaf = weights.detach().requires_grad_()
            outputs = self(leaf, observation, keep)

        def backward(d_outputs: Tensor) -> Tensor:
            # A sum instead of `grad_outputs`, with which torch would import sympy, which takes seconds per process.
            with torch.enable_grad():
                (gradient,) = torch.autograd.grad((outputs * d_outputs).sum(), leaf)
            return gradient

        return outputs.detach(), backward

    def _attend(self, parts: dict[str, Tensor], block: int, stream: Tensor) -> Tensor:
        nets, samples = stream.shape[:2]
        qkv = _apply(parts, f"{block}.qkv", stream.flatten(1, 2))
        query, key, value = qkv.view(nets * samples, self._rows, 3, self._heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(nets, samples * self._rows, self._width)
        return _apply(parts, f"{block}.mix", mixed).view_as(stream)

    def _feed_forward(self, parts: dict[str, Tensor], block: int, stream: Tensor) -> Tensor:
        wide = functional.gelu(_apply(parts, f"{block}.widen", stream.flatten(1, 2)))
        return _apply(parts, f"{block}.narrow", wide).view_as(stream)


def _linear(name: str, fan_in: int, fan_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (fan_in, fan_out), f"{name}.bias": (1, fan_out)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.scale": (1, 1, width), f"{name}.shift": (1, 1, width)}


def _apply(parts: dict[str, Tensor], name: str, rows: Tensor) -> Tensor:
    """A linear layer on rows [net, row, fan_in]."""
    return torch.baddbmm(parts[f"{name}.bias"], rows, parts[f"{name}.weight"])


def _normed(parts: dict[str, Tensor], name: str, stream: Tensor) -> Tensor:
    """Layer norm of the stream [net, sample, row, width], then scale and shift."""
    normed = functional.layer_norm(stream, stream.shape[-1:])
    return normed * parts[f"{name}.scale"] + parts[f"{name}.shift"]
