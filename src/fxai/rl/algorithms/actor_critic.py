"""Actor and critic of every lane: two nets of the same shape, evaluated as one batched product.

Weights are [lane, 2 * size]: the actor's, then the critic's. The critic's head has as many outputs as the actor's. Its
first output is the value; the other outputs have no gradient and keep their initial weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.lanes import counter_rng
from fxai.rl.networks.network import Network
from fxai.rl.networks.orthogonal import ACTOR_HEAD_GAIN, CRITIC_HEAD_GAIN


@dataclass(frozen=True, slots=True)
class ActorCritic:
    """Policy and value function on a network."""

    network: Network

    @property
    def size(self) -> int:
        """Numbers per lane."""
        return 2 * self.network.layout.size

    @property
    def dropout_sites(self) -> int:
        return 2 * self.network.dropout_sites

    def initial(self, seeds: Tensor) -> Tensor:
        """Initial weights [lane, 2 * size] for lane seeds [lane]."""
        gaussian = counter_rng.normal(seeds, counter_rng.Purpose.WEIGHTS, (2, self.network.layout.size))
        actor = self.network.initial(gaussian[:, 0], ACTOR_HEAD_GAIN)
        critic = self.network.initial(gaussian[:, 1], CRITIC_HEAD_GAIN)
        return torch.cat([actor, critic], dim=1)

    def preferences(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Logits [lane, action, sample] of the actor; see `TrainablePolicy`."""
        actor = weights.view(len(weights), 2, -1)[:, 0]
        return self.network(actor, observation, None if keep is None else self._by_net(keep)[0::2])

    def value(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Expected discounted return [lane, sample]."""
        critic = weights.view(len(weights), 2, -1)[:, 1]
        value: Tensor = self.network(critic, observation, None)[:, 0]
        return value

    def vjp(
        self, weights: Tensor, observation: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], Tensor]]:
        """Outputs of both nets, and the vector-Jacobian product.

        Args:
            weights: [lane, 2 * size].
            observation: [lane, sample, *shape].
            keep: Dropout factors [lane, sample, dropout_sites].

        Returns:
            Logits [lane, action, sample], values [lane, sample], and a function from the loss's derivatives by both to
                its derivative by the weights [lane, 2 * size].
        """
        lanes = len(weights)
        by_net = None if keep is None else self._by_net(keep)
        outputs, network_vjp = self.network.vjp(weights.view(2 * lanes, -1), observation, by_net)
        logits, critic = outputs.view(lanes, 2, *outputs.shape[1:]).unbind(1)

        def backward(d_logits: Tensor, d_value: Tensor) -> Tensor:
            d_outputs = d_logits.new_zeros(lanes, 2, *d_logits.shape[1:])
            d_outputs[:, 0] = d_logits
            d_outputs[:, 1, 0] = d_value
            return network_vjp(d_outputs.flatten(0, 1)).view_as(weights)

        return logits, critic[:, 0], backward

    def _by_net(self, keep: Tensor) -> Tensor:
        """Reshape [lane, sample, 2 * sites] to [2 * lane, sample, sites]."""
        lanes, samples, _ = keep.shape
        return keep.view(lanes, samples, 2, -1).transpose(1, 2).flatten(0, 1)
