"""Training samples of an actor-critic: steps of a roll-out with advantages and value targets."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fxai.rl.algorithms import categorical
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.advantages import advantages
from fxai.rl.algorithms.rollout import Rollout
from fxai.rl.kernels import SampleArrays
from fxai.rl.networks.row_sums import row_mean


@dataclass(frozen=True, slots=True)
class Samples:
    """Steps of a roll-out in any order; each field is [lane, sample, ...]."""

    observation: Tensor
    action: Tensor
    log_prob: Tensor  # under the policy of the roll-out
    value: Tensor
    advantage: Tensor
    target: Tensor  # target of the value
    number: Tensor  # number of the sample within the training

    def columns(self) -> list[Tensor]:
        return [getattr(self, field.name) for field in fields(self)]

    def arrays(self) -> SampleArrays:
        """The fields for a compiled loop, with flat observations [lane, sample, inputs]."""
        observation, *others = (column.contiguous() for column in self.columns())
        return SampleArrays(observation.flatten(2).numpy(), *(column.numpy() for column in others))

    def minibatches(self, order: Tensor, size: int) -> list["Samples"]:
        """Minibatches of `size` samples in the order `order` [n lanes, n], for the first n lanes.

        The last minibatch has the remaining samples. Each minibatch is contiguous in memory, because non-contiguous
        access takes longer than the computation.
        """
        lanes, count = order.shape
        whole, rest = count // size, count % size
        first = order[:, : whole * size].reshape(lanes, whole, size)
        return self._gathered(first) + (self._gathered(order[:, whole * size :].unsqueeze(1)) if rest else [])

    def _gathered(self, index: Tensor) -> list["Samples"]:
        """Samples at `index` [n lanes, portion, sample], one record per portion."""
        lanes, available = len(index), self.action.shape[1]
        at = (index + available * torch.arange(lanes, device=index.device)[:, None, None]).transpose(0, 1)
        columns = (column.flatten(0, 1) for column in self.columns())
        chosen = (column.index_select(0, at.reshape(-1)).unflatten(0, at.shape).unbind(0) for column in columns)
        return [Samples(*portion) for portion in zip(*chosen, strict=True)]


@torch.no_grad()
def to_samples(
    policy: ActorCritic, weights: Tensor, rollout: Rollout, *, gamma: Tensor, gae_lambda: Tensor, normalize: Tensor
) -> Samples:
    """Compute advantages and value targets of a roll-out.

    Args:
        policy: The critic.
        weights: [lane, size].
        rollout: Steps.
        gamma: Discount [lane].
        gae_lambda: Lambda [lane].
        normalize: [lane] bool: whether to normalize the lane's advantages.
    """
    shape = rollout.reward.shape
    value = policy.value(weights, rollout.observation.flatten(1, 2)).view(shape)
    next_value = policy.value(weights, rollout.final_observation.flatten(1, 2)).view(shape)
    advantage = advantages(
        reward=rollout.reward,
        value=value,
        next_value=next_value,
        terminated=rollout.terminated,
        truncated=rollout.truncated,
        gamma=gamma,
        gae_lambda=gae_lambda,
    )
    target = advantage + value
    log_prob = categorical.log_prob(rollout.preferences.flatten(0, 1), rollout.action.flatten(0, 1)).view(shape)
    advantage = _normalized(advantage, normalize)
    columns = (rollout.observation, rollout.action, log_prob, value, advantage, target, rollout.number)
    return Samples(*(column.flatten(1, 2) for column in columns))


def _normalized(advantage: Tensor, is_normalized: Tensor) -> Tensor:
    """Advantages [lane, time, env] with mean 0 and standard deviation 1 in the lanes with `is_normalized`."""
    every = advantage.flatten(1)
    centred = every - row_mean(every).unsqueeze(1)
    scaled = centred / (row_mean(centred.square()).unsqueeze(1).sqrt() + 1e-8)
    return torch.where(is_normalized.unsqueeze(1), scaled, every).view_as(advantage)
