"""What an actor-critic learns from: experience judged by the critic before the update."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fxai.rl.algorithms import categorical
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.advantages import advantages
from fxai.rl.algorithms.rollout import Rollout
from fxai.rl.networks.row_sums import row_mean


@dataclass(frozen=True, slots=True)
class Samples:
    """Steps of a roll-out in any order, each field [lane, sample, ...]."""

    observation: Tensor
    action: Tensor
    log_prob: Tensor  # of the policy that acted
    value: Tensor
    advantage: Tensor
    target: Tensor  # what the critic should have said
    number: Tensor  # of the sample within the training

    def minibatches(self, order: Tensor, size: int) -> list["Samples"]:
        """Samples `order` [n lanes, n] of the first n lanes, `size` at a time; the last portion takes what is left.

        Each portion lies in memory as a whole: what is gathered from all over costs more than to work on it.
        """
        lanes, count = order.shape
        whole, rest = count // size, count % size
        first = order[:, : whole * size].reshape(lanes, whole, size)
        return self._gathered(first) + (self._gathered(order[:, whole * size :].unsqueeze(1)) if rest else [])

    def _gathered(self, index: Tensor) -> list["Samples"]:
        """Samples `index` [n lanes, portion, sample], by portion."""
        lanes, available = len(index), self.action.shape[1]
        at = (index + available * torch.arange(lanes, device=index.device)[:, None, None]).transpose(0, 1)
        columns = (getattr(self, field.name).flatten(0, 1) for field in fields(self))
        chosen = (column.index_select(0, at.reshape(-1)).unflatten(0, at.shape).unbind(0) for column in columns)
        return [Samples(*portion) for portion in zip(*chosen, strict=True)]


@torch.no_grad()
def to_samples(
    policy: ActorCritic, weights: Tensor, rollout: Rollout, *, gamma: Tensor, gae_lambda: Tensor, normalize: Tensor
) -> Samples:
    """Judge a roll-out by the critic: advantages, normalised in the lanes that want it, and targets.

    `gamma` and `gae_lambda` are [lane], `normalize` [lane] bool.
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
    advantage = _normalised(advantage, normalize)
    columns = (rollout.observation, rollout.action, log_prob, value, advantage, target, rollout.number)
    return Samples(*(column.flatten(1, 2) for column in columns))


def _normalised(advantage: Tensor, wanted: Tensor) -> Tensor:
    """Advantages [lane, time, env] with mean 0 and deviation 1 over the roll-out, in the lanes that want it."""
    every = advantage.flatten(1)
    centred = every - row_mean(every).unsqueeze(1)
    scaled = centred / (row_mean(centred.square()).unsqueeze(1).sqrt() + 1e-8)
    return torch.where(wanted.unsqueeze(1), scaled, every).view_as(advantage)
