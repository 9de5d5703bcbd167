"""Values of actions: one critic for each lane, or two of one shape, stacked so that both are one product.

Weights are [lane, critics * size]. A dueling critic has the state's value as its first output, then the
advantages of the actions; their mean over the actions is taken off (Wang et al. 2015, arXiv 1511.06581,
equation 9). Two critics act by the mean of their values.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.lanes import counter_rng
from fxai.rl.networks.network import Network

_HEAD_GAIN = 0.01  # nothing is known of any action at first: all values are nearly 0


@dataclass(frozen=True, slots=True)
class QNetwork:
    """The policy of the DQN family; see `Policy`."""

    network: Network  # with an output for each action, and one more before them if dueling
    dueling: bool = False
    critics: int = 1

    @property
    def size(self) -> int:
        """Numbers per lane."""
        return self.critics * self.network.layout.size

    @property
    def dropout_sites(self) -> int:
        return self.critics * self.network.dropout_sites

    def initial(self, seeds: Tensor) -> Tensor:
        """Weights [lane, size] for lane seeds [lane]; no two critics are alike."""
        gaussian = counter_rng.normal(seeds, counter_rng.Purpose.WEIGHTS, 0, (self.critics, self.network.layout.size))
        critics = [self.network.initial(gaussian[:, i], _HEAD_GAIN) for i in range(self.critics)]
        return torch.cat(critics, dim=1)

    def preferences(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Values of actions [lane, action, sample], the mean of the critics'; see `Policy`."""
        return _mean(self.values(weights, observation, keep))

    def values(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Values of actions by each critic, [lane, critic, action, sample]."""
        nets, kept = self._by_net(weights, keep)
        outputs = self.network(nets, observation, kept)
        return self._values(outputs.view(len(weights), self.critics, *outputs.shape[1:]))

    def vjp(
        self, weights: Tensor, observation: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """The same values, and how to carry a loss's derivative by them back to the weights [lane, size].

        Observations are [lane, sample, *shape], `keep` [lane, sample, dropout_sites].
        """
        nets, kept = self._by_net(weights, keep)
        outputs, network_vjp = self.network.vjp(nets, observation, kept)

        def backward(d_values: Tensor) -> Tensor:
            return network_vjp(self._d_outputs(d_values).flatten(0, 1)).view_as(weights)

        return self._values(outputs.view(len(weights), self.critics, *outputs.shape[1:])), backward

    def _values(self, outputs: Tensor) -> Tensor:
        """From a head's outputs [lane, critic, output, sample]."""
        if not self.dueling:
            return outputs
        value, advantage = outputs[:, :, :1], outputs[:, :, 1:]
        return value + (advantage - _mean(advantage.transpose(1, 2)).unsqueeze(2))

    def _d_outputs(self, d_values: Tensor) -> Tensor:
        if not self.dueling:
            return d_values
        mean = _mean(d_values.transpose(1, 2)).unsqueeze(2)
        return torch.cat([mean * d_values.shape[2], d_values - mean], dim=2)

    def _by_net(self, weights: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """With lane and critic as one axis; each critic has dropout sites of its own."""
        if keep is not None and self.critics > 1:
            lanes, samples, _ = keep.shape
            keep = keep.view(lanes, samples, self.critics, -1).transpose(1, 2).flatten(0, 1)
        return weights.view(len(weights) * self.critics, -1), keep


def _mean(values: Tensor) -> Tensor:
    """Over the second axis, added up in its order: torch's own sum adds in one that depends on the position."""
    first, *others = values.unbind(1)
    for other in others:
        first = first + other
    return first / values.shape[1]
