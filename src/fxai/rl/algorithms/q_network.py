"""Action values: one critic per lane, or two critics of the same shape, evaluated as one batched product.

Weights are [lane, critics * size]. The first output of a dueling critic is the state value, the others are the
advantages of the actions, minus their mean (Wang et al. 2015, arXiv 1511.06581, equation 9). With two critics, actions
are chosen by the mean of their values.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.lanes import counter_rng
from fxai.rl.lanes.ordered_mean import ordered_mean
from fxai.rl.networks.network import Network

_HEAD_GAIN = 0.01  # initial action values are nearly 0


@dataclass(frozen=True, slots=True)
class QNetwork:
    """The policy of the DQN variants; see `TrainablePolicy`."""

    network: Network  # outputs: one per action; if dueling, the state value before them
    dueling: bool = False
    critics: int = 1

    @property
    def size(self) -> int:
        """Numbers per lane."""
        return self.critics * self.network.layout.size

    @property
    def dropout_sites(self) -> int:
        return self.critics * self.network.dropout_sites

    @property
    def is_one_net(self) -> bool:
        """Whether the action values are the outputs of one net."""
        return self.critics == 1 and not self.dueling

    def initial(self, seeds: Tensor) -> Tensor:
        """Initial weights [lane, size] for lane seeds [lane]; critics differ."""
        gaussian = counter_rng.normal(seeds, counter_rng.Purpose.WEIGHTS, (self.critics, self.network.layout.size))
        critics = [self.network.initial(gaussian[:, i], _HEAD_GAIN) for i in range(self.critics)]
        return torch.cat(critics, dim=1)

    def preferences(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Action values [lane, action, sample], the mean over critics; see `TrainablePolicy`."""
        return ordered_mean(self.values(weights, observation, keep))

    def values(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Action values of each critic, [lane, critic, action, sample]."""
        nets, kept = self._by_net(weights, keep)
        outputs = self.network(nets, observation, kept)
        return self._values(outputs.view(len(weights), self.critics, *outputs.shape[1:]))

    def vjp(
        self, weights: Tensor, observation: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """The values, and a function from the loss's derivative by the values to that by the weights [lane, size].

        Observations are [lane, sample, *shape], `keep` is [lane, sample, dropout_sites].
        """
        nets, kept = self._by_net(weights, keep)
        outputs, network_vjp = self.network.vjp(nets, observation, kept)

        def backward(d_values: Tensor) -> Tensor:
            return network_vjp(self._d_outputs(d_values).flatten(0, 1)).view_as(weights)

        return self._values(outputs.view(len(weights), self.critics, *outputs.shape[1:])), backward

    def _values(self, outputs: Tensor) -> Tensor:
        """Action values from head outputs [lane, critic, output, sample]."""
        if not self.dueling:
            return outputs
        value, advantage = outputs[:, :, :1], outputs[:, :, 1:]
        return value + (advantage - ordered_mean(advantage.transpose(1, 2)).unsqueeze(2))

    def _d_outputs(self, d_values: Tensor) -> Tensor:
        if not self.dueling:
            return d_values
        mean = ordered_mean(d_values.transpose(1, 2)).unsqueeze(2)
        return torch.cat([mean * d_values.shape[2], d_values - mean], dim=2)

    def _by_net(self, weights: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Merge the lane and critic axes; each critic has its own dropout sites."""
        if keep is not None and self.critics > 1:
            lanes, samples, _ = keep.shape
            keep = keep.view(lanes, samples, self.critics, -1).transpose(1, 2).flatten(0, 1)
        return weights.view(len(weights) * self.critics, -1), keep
