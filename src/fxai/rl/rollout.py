"""Experience: the policy acts in the environments, and what it met becomes samples to learn from."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fxai.rl import categorical, draws
from fxai.rl.actor_critic import ActorCritic
from fxai.rl.advantages import advantages
from fxai.rl.batched_env import BatchedEnv
from fxai.rl.dropout import keep_mask
from fxai.rl.hyperparameters import Hyperparameters


@dataclass(frozen=True, slots=True)
class Rollout:
    """Steps of every environment, each [lane, time, env, ...]."""

    observation: Tensor
    final_observation: Tensor  # what follows the step, in the same episode
    action: Tensor
    log_prob: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    number: Tensor  # of the sample within the training


@dataclass(frozen=True, slots=True)
class Samples:
    """What an update learns from, each [lane, sample, ...]."""

    observation: Tensor
    action: Tensor
    log_prob: Tensor
    value: Tensor  # of the critic before the update
    advantage: Tensor
    target: Tensor  # what the critic should have said
    number: Tensor

    def select(self, index: Tensor) -> "Samples":
        """Samples `index` [lane, n] of each lane."""
        lanes, available = self.action.shape
        flat = (index + available * torch.arange(lanes, device=index.device).unsqueeze(1)).view(-1)
        chosen = (
            getattr(self, f.name).flatten(0, 1).index_select(0, flat).unflatten(0, index.shape) for f in fields(self)
        )
        return Samples(*chosen)


@dataclass(frozen=True, slots=True)
class Actors:
    """What acts: policies, the lanes' seeds, their dropout rates [lane] or None where no lane has any."""

    policy: ActorCritic
    seeds: Tensor
    dropout: Tensor | None

    def keep(self, number: Tensor) -> Tensor | None:
        """Dropout factors of samples [lane, sample] by their numbers."""
        if self.dropout is None:
            return None
        return keep_mask(self.seeds, self.dropout, number, self.policy.dropout_sites)


@torch.no_grad()
def collect(
    actors: Actors, weights: Tensor, env: BatchedEnv, observation: Tensor, *, steps: int, update: int
) -> tuple[Rollout, Tensor]:
    """Take `steps` steps from `observation`; returns them and the observation that follows."""
    chance = draws.uniform(actors.seeds, draws.Purpose.ACTION, update, (steps, env.envs))
    number = torch.arange(steps * env.envs, device=chance.device).view(steps, env.envs) + update * steps * env.envs
    number = number.expand(env.lanes, -1, -1)
    taken: list[tuple[Tensor, ...]] = []
    for time in range(steps):
        logits = actors.policy.logits(weights, observation, actors.keep(number[:, time]))
        action = categorical.sample(logits, chance[:, time])
        step = env.step(action)
        log_prob = categorical.log_prob(logits, action)
        ends = (step.terminated, step.truncated)
        taken.append((observation, step.final_observation, action, log_prob, step.reward, *ends, number[:, time]))
        observation = step.observation
    return Rollout(*(torch.stack(column, dim=1) for column in zip(*taken, strict=True))), observation


@torch.no_grad()
def to_samples(policy: ActorCritic, weights: Tensor, rollout: Rollout, hyper: Hyperparameters) -> Samples:
    """Judge a roll-out by the critic: advantages and targets."""
    shape = rollout.reward.shape
    value = policy.value(weights, rollout.observation.flatten(1, 2)).view(shape)
    next_value = policy.value(weights, rollout.final_observation.flatten(1, 2)).view(shape)
    advantage = advantages(
        reward=rollout.reward,
        value=value,
        next_value=next_value,
        terminated=rollout.terminated,
        truncated=rollout.truncated,
        gamma=hyper.gamma,
        gae_lambda=hyper.gae_lambda,
    )
    target = advantage + value
    advantage = _normalised(advantage.flatten(1), hyper.normalize_advantage)
    rest = (rollout.observation, rollout.action, rollout.log_prob, value, target, rollout.number)
    observation, action, log_prob, value, target, number = (column.flatten(1, 2) for column in rest)
    return Samples(observation, action, log_prob, value, advantage, target, number)


def _normalised(advantage: Tensor, wanted: Tensor) -> Tensor:
    """Advantages [lane, sample] with mean 0 and deviation 1 over the roll-out, in the lanes that want it."""
    centred = advantage - advantage.mean(1, keepdim=True)
    scaled = centred / (centred.square().mean(1, keepdim=True).sqrt() + 1e-8)
    return torch.where(wanted.unsqueeze(1), scaled, advantage)
