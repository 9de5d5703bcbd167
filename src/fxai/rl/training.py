"""The training loop of a pack of lanes: a generator, so that logging, pruning and checkpoints stay outside."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.errors import InputError
from fxai.rl.actor_critic import ActorCritic, build_actor_critic
from fxai.rl.adam import LaneAdam
from fxai.rl.batched_env import BatchedEnv
from fxai.rl.hyperparameters import Hyperparameters, learning_rate
from fxai.rl.pack import Pack
from fxai.rl.ppo import UPDATE_METRICS, Update, improve
from fxai.rl.rollout import Actors, collect, to_samples
from fxai.spec.ppo_config import PpoConfig
from fxai.spec.training_config import TrainingConfig

Metrics = Mapping[str, float]
Scorer = Callable[[ActorCritic, Tensor], Sequence[Metrics]]
"""Scores a policy with weights [lane, size]: one mapping per lane."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of every lane after some updates."""

    step: int  # updates done
    metrics: tuple[Metrics, ...]  # of each lane: the scorer's, the last update's losses, steps_per_second


class Training:
    """PPO on `env` for the lanes of a pack, scored by `score` as often as the configuration says."""

    def __init__(self, pack: Pack, env: BatchedEnv, score: Scorer, device: torch.device) -> None:
        self._pack, self._env, self._score = pack, env, score
        self._shape = _ppo(pack.configs[0])
        self._hyper = Hyperparameters.of([_ppo(config) for config in pack.configs], device)
        self.policy = build_actor_critic(pack.configs[0].model, env.observation_shape, env.actions)
        seeds = torch.tensor(pack.seeds, dtype=torch.int64, device=device)
        self._actors = Actors(self.policy, seeds, _dropout_rates(pack, device))
        self.weights = self.policy.initial(seeds)
        self._adam = LaneAdam(self.weights)
        self._observation = env.reset()
        self._updates = 0

    def evaluations(self) -> Iterator[Evaluation]:
        """Train to the end from wherever this training stands."""
        began, since = time.perf_counter(), self._updates
        while self._updates < self._shape.total_updates:
            losses = self._update()
            if self._updates % self._shape.eval_frequency and self._updates < self._shape.total_updates:
                continue
            steps = (self._updates - since) * self._shape.n_envs * self._shape.rollout_steps
            speed = steps / (time.perf_counter() - began)
            yield Evaluation(self._updates, self._metrics(losses, speed))
            began, since = time.perf_counter(), self._updates

    def state(self) -> dict[str, Tensor]:
        """All that a training of the same pack needs to go on as if it had never stopped."""
        parts = {
            "weights": self.weights,
            "updates": torch.tensor(self._updates),
            **{f"adam.{name}": tensor for name, tensor in self._adam.state().items()},
            **{f"env.{name}": tensor for name, tensor in self._env.state().items()},
        }
        return {name: tensor.clone() for name, tensor in parts.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to a state."""
        self.weights.copy_(state["weights"])
        self._updates = int(state["updates"])
        self._adam.restore(_below("adam.", state))
        self._observation = self._env.restore(_below("env.", state))

    def _update(self) -> Tensor:
        """One roll-out and what is learnt from it; the losses [lane, metric]."""
        rollout, self._observation = collect(
            self._actors,
            self.weights,
            self._env,
            self._observation,
            steps=self._shape.rollout_steps,
            update=self._updates,
        )
        samples = to_samples(self.policy, self.weights, rollout, self._hyper)
        rates = [learning_rate(config.training, self._updates) for config in self._pack.configs]
        update = Update(
            self._updates,
            self._shape.n_epochs,
            self._shape.batch_size,
            torch.tensor(rates, device=self.weights.device),
        )
        losses = improve(self._actors, self.weights, self._adam, samples, hyper=self._hyper, update=update)
        self._updates += 1
        return losses

    def _metrics(self, losses: Tensor, speed: float) -> tuple[Metrics, ...]:
        """A lane whose weights are no numbers any more has no score: what its policy does means nothing."""
        scores = self._score(self.policy, self.weights)
        finite = self.weights.isfinite().all(dim=1).tolist()
        return tuple(
            {
                **(score if sound else dict.fromkeys(score, math.nan)),
                **dict(zip(UPDATE_METRICS, loss, strict=True)),
                "steps_per_second": speed,
            }
            for score, sound, loss in zip(scores, finite, losses.tolist(), strict=True)
        )


def _ppo(config: TrainingConfig) -> PpoConfig:
    if not isinstance(config.training, PpoConfig):
        raise InputError(f"algorithm {config.training.algorithm!r} cannot be trained yet")
    return config.training


def _dropout_rates(pack: Pack, device: torch.device) -> Tensor | None:
    rates = [config.model.dropout for config in pack.configs]
    return torch.tensor(rates, device=device) if any(rates) else None


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
