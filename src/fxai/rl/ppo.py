"""Proximal policy optimisation: several epochs of clipped steps on each roll-out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fxai.rl import draws
from fxai.rl.actor_critic import ActorCritic
from fxai.rl.adam import LaneAdam, clip_by_norm
from fxai.rl.dropout import Dropout
from fxai.rl.experience import Experience
from fxai.rl.hyperparameters import lane_numbers
from fxai.rl.ppo_loss import KL, STATISTICS, LossWeights, loss_gradient
from fxai.rl.rollout import Collector
from fxai.rl.samples import Samples
from fxai.rl.state import below, prefixed
from fxai.spec.ppo_config import PpoConfig

_KL_TOLERANCE = 1.5  # an update ends beyond so many times target_kl


class Ppo:
    """PPO on the lanes of a pack; see `Learner`."""

    statistics = (*STATISTICS, "grad_norm")

    def __init__(
        self, configs: Sequence[PpoConfig], policy: ActorCritic, collector: Collector, seeds: Tensor, dropout: Dropout
    ) -> None:
        """`seeds` is [lane] int64; the configurations differ in nothing that `pack.shape_of` names."""
        self.policy, self._seeds, self._dropout = policy, seeds, dropout
        self._experience = Experience(configs, policy, collector, dropout)
        self._batch_size = configs[0].batch_size
        device = seeds.device
        self._limits = _Limits.of(configs, device)
        self._loss = LossWeights(
            clip_epsilon=lane_numbers(configs, lambda c: c.clip_epsilon, device),
            value_clip_epsilon=lane_numbers(configs, lambda c: c.value_clip_epsilon, device),
            entropy_coef=lane_numbers(configs, lambda c: c.entropy_coef, device),
            value_coef=lane_numbers(configs, lambda c: c.value_coef, device),
        )
        self.weights = policy.initial(seeds)
        self._adam = LaneAdam.of(self.weights)

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        return self.improve(self._experience.gather(self.weights, clock), clock, rate)

    @torch.no_grad()
    def improve(self, samples: Samples, clock: Tensor, rate: Tensor) -> Tensor:
        """Minibatch steps on the samples, in place on the weights; means of the statistics [lane, statistic]."""
        everything = _Stepped(self.weights, self._adam, self._loss, self._limits, rate)
        count = len(self.weights)
        going = torch.ones(count, dtype=torch.bool, device=self.weights.device)
        total = self.weights.new_zeros(count, len(self.statistics))
        taken = self.weights.new_zeros(count, 1)
        for epoch, lanes in enumerate(self._limits.lanes_by_epoch):
            stepped = everything.first(lanes)
            going = going[:lanes] & (stepped.limits.epochs > epoch)
            for batch in self._portions(samples, epoch, lanes, clock):
                if self._limits.watches_kl and _none_of(going):
                    break
                counted = going.to(total.dtype).unsqueeze(1)
                gradient, statistics = self._gradient(stepped, batch)
                total[:lanes].add_(counted * statistics)
                taken[:lanes].add_(counted)
                if self._limits.watches_kl:
                    going = going & ~(statistics[:, KL] > _KL_TOLERANCE * stepped.limits.kl)  # NaN must go on
                stepped.adam.step(stepped.weights, gradient, stepped.rate, going)
        return total / taken

    def _gradient(self, stepped: "_Stepped", batch: Samples) -> tuple[Tensor, Tensor]:
        """The loss's derivative by the lanes' weights, clipped, and the statistics."""
        keep = self._dropout.keep(batch.number)
        logits, value, vjp = self.policy.vjp(stepped.weights, batch.observation, keep)
        loss = loss_gradient(logits, value, batch, stepped.loss)
        gradient = vjp(loss.logits, loss.value)
        norm = clip_by_norm(gradient, stepped.limits.grad_norm)
        return gradient, torch.cat([loss.statistics, norm.unsqueeze(1)], dim=1)

    def state(self) -> dict[str, Tensor]:
        return {
            "weights": self.weights,
            **prefixed("adam.", self._adam.state()),
            **prefixed("env.", self._experience.state()),
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.weights.copy_(state["weights"])
        self._adam.restore(below("adam.", state))
        self._experience.restore(below("env.", state))

    def _portions(self, samples: Samples, epoch: int, lanes: int, clock: Tensor) -> Iterator[Samples]:
        """The minibatches of an epoch for the first lanes, in an order of each lane's own."""
        count = samples.action.shape[1]
        step = (clock * self._limits.epochs)[:lanes] + epoch
        order = draws.permutation(self._seeds[:lanes], draws.Purpose.MINIBATCH, step, count)
        return samples.select(order).portions(self._batch_size)


@dataclass(frozen=True, slots=True)
class _Limits:
    """What bounds the steps of an update, [lane]; a limit that is not set is infinite."""

    epochs: Tensor  # int64
    lanes_by_epoch: tuple[int, ...]  # how many of the first lanes have to take part in each epoch
    grad_norm: Tensor
    kl: Tensor
    watches_kl: bool  # some lane's is set

    def first(self, lanes: int) -> "_Limits":
        return replace(self, epochs=self.epochs[:lanes], grad_norm=self.grad_norm[:lanes], kl=self.kl[:lanes])

    @classmethod
    def of(cls, configs: Sequence[PpoConfig], device: torch.device) -> "_Limits":
        epochs = [config.n_epochs for config in configs]
        return cls(
            epochs=torch.tensor(epochs, device=device),
            lanes_by_epoch=tuple(_last_beyond(epochs, epoch) for epoch in range(max(epochs))),
            grad_norm=lane_numbers(configs, lambda c: c.max_grad_norm, device),
            kl=lane_numbers(configs, lambda c: c.target_kl, device),
            watches_kl=any(config.target_kl is not None for config in configs),
        )


@dataclass(frozen=True, slots=True)
class _Stepped:
    """What a step reads and changes, of all lanes or of the first ones."""

    weights: Tensor
    adam: LaneAdam
    loss: LossWeights
    limits: _Limits
    rate: Tensor

    def first(self, lanes: int) -> "_Stepped":
        if lanes == len(self.weights):
            return self
        return _Stepped(
            self.weights[:lanes],
            self.adam.first(lanes),
            self.loss.first(lanes),
            self.limits.first(lanes),
            self.rate[:lanes],
        )


def _last_beyond(epochs: Sequence[int], epoch: int) -> int:
    """One more than the last lane that has this epoch: those after it are through and cost nothing."""
    return max(lane + 1 for lane, number in enumerate(epochs) if number > epoch)


def _none_of(mask: Tensor) -> bool:
    """Whether all is over; on a device, looking costs more than doing."""
    return mask.device.type == "cpu" and not mask.any()
