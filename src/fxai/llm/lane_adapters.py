"""LoRA adapters of several lanes on one network, in one forward pass.

peft trains one adapter at a time. Here the rows of a batch belong to lanes, lane by lane, and each lane's rows pass its
own adapter. The network itself is not changed: hooks add to the outputs of its linear layers while adapters are
applied. So all trials of a worker share one network.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from fxai.errors import InputError
from fxai.llm.lora_layout import AdaptedLayer, LoraLayout
from fxai.rl.lanes import counter_rng


@dataclass(frozen=True, slots=True)
class LaneDropout:
    """Dropout of a training step. A mask is a function of the lane's seed, its step and the site: a layer in a pass."""

    rates: Tensor  # [lane]
    seeds: Tensor  # [lane] int64
    steps: Tensor  # [lane] int64

    def factors(self, site: int, sites: int, rows: int, inputs: int) -> Tensor:
        """[lane, row, input] float32: 0 with probability `rates`, else 1 / (1 - rate).

        64 random bits serve four numbers, 16 bits each, because drawing them takes most of the time.
        """
        step = self.steps * sites + site
        count = rows * inputs
        drawn = counter_rng.bits(self.seeds, counter_rng.Purpose.DROPOUT, step, (-(-count // 4),)).view(torch.int16)
        least = (self.rates * 65536 - 32768).round().to(torch.int32)  # of the numbers that are kept
        keep = (drawn[:, :count] >= least[:, None]).view(-1, rows, inputs)
        return keep / (1 - self.rates)[:, None, None]


@dataclass(slots=True)
class AppliedAdapters:
    """Adapters of the passes of a step."""

    matrices: Sequence[tuple[Tensor, Tensor]]  # of `LoraLayout.matrices`
    scaling: Tensor  # [lane]
    dropout: LaneDropout | None  # None: none, as when signals are computed
    passes: int  # of the network in a step, which have different dropout; a pass for gradients may be computed again
    calls: list[int]  # of each layer so far

    def output(self, layer: int, inputs: Tensor, output: Tensor) -> Tensor:
        """The layer's output with the adapters' part.

        Args:
            layer: Index of the layer.
            inputs: [row, token, input]; the rows of the first lane come first.
            output: [row, token, output], of the layer itself.
        """
        a, b = self.matrices[layer]
        lanes = len(self.scaling)
        rows = inputs.reshape(lanes, -1, inputs.shape[-1]).to(a.dtype)
        if self.dropout is not None:
            site = self.calls[layer] % self.passes * len(self.matrices) + layer
            self.calls[layer] += 1
            rows = rows * self.dropout.factors(site, self.passes * len(self.matrices), *rows.shape[1:])
        low = torch.bmm(rows, a.transpose(1, 2)) * self.scaling[:, None, None]
        plain = output.reshape(lanes, -1, output.shape[-1]).to(a.dtype)
        return torch.baddbmm(plain, low, b.transpose(1, 2)).view(output.shape).to(output.dtype)


class LaneAdapters:
    """The layers of a network that have adapters, with their hooks.

    Attributes:
        layers: The adapted layers, in the order of the network.
    """

    def __init__(self, network: nn.Module, target_modules: Sequence[str]) -> None:
        """Add the hooks.

        Args:
            network: The network; its weights are not changed.
            target_modules: The last parts of the names of linear layers, such as `q_proj`.

        Raises:
            InputError: The network has no linear layer of one of the names.
        """
        linear = {name: module for name, module in network.named_modules() if isinstance(module, nn.Linear)}
        _check_names(linear, target_modules)
        adapted = {name: module for name, module in linear.items() if _ends_with(name, target_modules)}
        self.layers = tuple(
            AdaptedLayer(name, module.in_features, module.out_features) for name, module in adapted.items()
        )
        self._applied: AppliedAdapters | None = None
        self._hooks = [
            module.register_forward_hook(partial(self._add, index)) for index, module in enumerate(adapted.values())
        ]

    @contextmanager
    def applied(
        self, weights: Tensor, layout: LoraLayout, scaling: Tensor, dropout: LaneDropout | None, passes: int = 1
    ) -> Iterator[None]:
        """Within the block, the network has the adapters `weights` [lane, size].

        The block has to contain the backward pass too if activations are computed again.

        Args:
            weights: Weights of the lanes in the order of `layout`.
            layout: The layout.
            scaling: Alpha / r of the lanes, [lane].
            dropout: Dropout; None: none.
            passes: Forward passes of the network within the block.
        """
        self._applied = AppliedAdapters(layout.matrices(weights), scaling, dropout, passes, [0] * len(self.layers))
        try:
            yield
        finally:
            self._applied = None

    def remove(self) -> None:
        """Remove the hooks."""
        for hook in self._hooks:
            hook.remove()

    def _add(self, layer: int, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:  # noqa: ARG002 - torch's signature
        return None if self._applied is None else self._applied.output(layer, inputs[0], output)


def _ends_with(name: str, targets: Sequence[str]) -> bool:
    return any(name == target or name.endswith(f".{target}") for target in targets)


def _check_names(linear: dict[str, nn.Linear], targets: Sequence[str]) -> None:
    for target in targets:
        if not any(_ends_with(name, (target,)) for name in linear):
            there = ", ".join(dict.fromkeys(name.rpartition(".")[2] for name in linear))
            raise InputError(f"target_modules: the model has no linear layer {target}; its linear layers are {there}")
