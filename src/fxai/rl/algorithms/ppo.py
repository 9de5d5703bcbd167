"""Proximal policy optimisation: several epochs of clipped steps on each roll-out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.adam import LaneAdam, norm_and_shrink
from fxai.rl.algorithms.experience import Experience
from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.algorithms.ppo_loss import KL, STATISTICS, LossWeights, loss_gradient
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.algorithms.samples import Samples
from fxai.rl.lanes import counter_rng
from fxai.rl.lanes.active_lanes import active_lanes, none_of
from fxai.rl.lanes.running_mean import RunningMean
from fxai.rl.lanes.state import below, prefixed
from fxai.rl.networks.dropout import Dropout
from fxai.spec.fields.ppo_config import PpoConfig

_KL_TOLERANCE = 1.5  # an update ends beyond so many times target_kl


class Ppo:
    """PPO on the lanes of a pack; see `Learner`."""

    statistics = (*STATISTICS, "grad_norm")

    def __init__(
        self, configs: Sequence[PpoConfig], policy: ActorCritic, collector: Collector, seeds: Tensor, dropout: Dropout
    ) -> None:
        """`seeds` is [lane] int64; the configurations differ in nothing that `pack.signature` names."""
        self.policy, self._seeds, self._dropout = policy, seeds, dropout
        self._experience = Experience(configs, policy, collector, dropout)
        self._batch_size = configs[0].batch_size
        device = seeds.device
        self._limits = _Limits.of(configs, device)
        clips_value = any(config.value_clip_epsilon is not None for config in configs)
        value_clip = lane_numbers(configs, lambda c: c.value_clip_epsilon, device) if clips_value else None
        self._loss = LossWeights.of(
            clip_epsilon=lane_numbers(configs, lambda c: c.clip_epsilon, device),
            value_clip_epsilon=value_clip,
            entropy_coef=lane_numbers(configs, lambda c: c.entropy_coef, device),
            value_coef=lane_numbers(configs, lambda c: c.value_coef, device),
        )
        self.weights = policy.initial(seeds)
        self._adam = LaneAdam.of(self.weights)

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        return self.improve(self._experience.gather(self.weights, clock), clock, rate)

    @torch.no_grad()
    def improve(self, samples: Samples, clock: Tensor, rate: Tensor) -> Tensor:
        """Minibatch steps on the samples, in place on the weights; means of the statistics [lane, statistic].

        They are taken over each lane's last epoch, and over all epochs where `target_kl` may end it early.
        """
        all_lanes = _Part(self.weights, self._adam, self._loss, self._limits, rate)
        going = torch.ones_like(rate, dtype=torch.bool)
        running_mean = RunningMean.of(self.weights, len(self.statistics))
        for epoch, lanes in enumerate(self._limits.lanes_by_epoch):
            part = all_lanes.first(lanes)
            going = going[:lanes] & (part.limits.epochs > epoch)
            portions = self._portions(samples, epoch, lanes, clock)
            if self._limits.watches_kl:
                going = self._watched_epoch(part, epoch, portions, going, running_mean)
            else:
                self._epoch(part, epoch, portions, going, running_mean)
        return running_mean.means()

    def _epoch(
        self, part: "_Part", epoch: int, portions: Sequence[Samples], going: Tensor, running_mean: RunningMean
    ) -> None:
        measured = epoch in part.limits.last_epochs
        counted = part.limits.epochs == epoch + 1
        active = going if epoch in part.limits.masked_epochs else None
        for batch, pace in zip(portions, part.adam.paces(part.rate, active, len(portions)), strict=True):
            gradient, shrink, statistics = self._gradient(part, batch, measured=measured)
            if statistics is not None:
                running_mean.add(statistics, counted)
            part.adam.step(part.weights, gradient, shrink, pace)

    def _watched_epoch(
        self, part: "_Part", epoch: int, portions: Sequence[Samples], going: Tensor, running_mean: RunningMean
    ) -> Tensor:
        """An epoch in which some lane has a limit to its KL; those that still go on after it."""
        limits = part.limits
        counted = (limits.epochs == epoch + 1) | limits.kl.isfinite()
        for batch in portions:
            if none_of(going):
                break
            gradient, shrink, statistics = self._gradient(part, batch, measured=True)
            if statistics is not None:
                running_mean.add(statistics, counted & going)
                going = going & ~(statistics[:, KL] > _KL_TOLERANCE * limits.kl)  # so that NaN reaches the weights
            (pace,) = part.adam.paces(part.rate, going, 1)
            part.adam.step(part.weights, gradient, shrink, pace)
        return going

    def _gradient(self, part: "_Part", batch: Samples, *, measured: bool) -> tuple[Tensor, Tensor, Tensor | None]:
        """The loss's derivative by the lanes' weights, what shrinks it to its limit, and statistics if wanted."""
        keep = self._dropout.keep(batch.number)
        logits, value, vjp = self.policy.vjp(part.weights, batch.observation, keep)
        loss = loss_gradient(logits, value, batch, part.loss, measured=measured)
        gradient = vjp(loss.logits, loss.value)
        norm, shrink = norm_and_shrink(gradient, part.limits.grad_norm)
        if loss.statistics is None:
            return gradient, shrink, None
        return gradient, shrink, torch.cat([loss.statistics, norm.unsqueeze(1)], dim=1)

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

    def _portions(self, samples: Samples, epoch: int, lanes: int, clock: Tensor) -> list[Samples]:
        """The minibatches of an epoch for the first lanes, in an order of each lane's own."""
        count = samples.action.shape[1]
        step = (clock * self._limits.epochs)[:lanes] + epoch
        order = counter_rng.permutation(self._seeds[:lanes], counter_rng.Purpose.MINIBATCH, step, count)
        return samples.minibatches(order, self._batch_size)


@dataclass(frozen=True, slots=True)
class _Limits:
    """What bounds the steps of an update, [lane]; a limit that is not set is infinite."""

    epochs: Tensor  # int64
    lanes_by_epoch: tuple[int, ...]  # how many of the first lanes have to take part in each epoch
    last_epochs: frozenset[int]  # those that are the last of some lane
    masked_epochs: frozenset[int]  # those in which some lane that takes part is through already
    grad_norm: Tensor
    kl: Tensor
    watches_kl: bool  # some lane's is set

    def first(self, lanes: int) -> "_Limits":
        return replace(self, epochs=self.epochs[:lanes], grad_norm=self.grad_norm[:lanes], kl=self.kl[:lanes])

    @classmethod
    def of(cls, configs: Sequence[PpoConfig], device: torch.device) -> "_Limits":
        epochs = [config.n_epochs for config in configs]
        lanes = active_lanes(epochs, device)
        return cls(
            epochs=torch.tensor(epochs, device=device),
            lanes_by_epoch=lanes,
            last_epochs=frozenset(number - 1 for number in epochs),
            masked_epochs=frozenset(epoch for epoch, count in enumerate(lanes) if min(epochs[:count]) <= epoch),
            grad_norm=lane_numbers(configs, lambda c: c.max_grad_norm, device),
            kl=lane_numbers(configs, lambda c: c.target_kl, device),
            watches_kl=any(config.target_kl is not None for config in configs),
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """What steps read and change, of all lanes or of the first ones."""

    weights: Tensor
    adam: LaneAdam
    loss: LossWeights
    limits: _Limits
    rate: Tensor

    def first(self, lanes: int) -> "_Part":
        if lanes == len(self.weights):
            return self
        return _Part(
            self.weights[:lanes],
            self.adam.first(lanes),
            self.loss.first(lanes),
            self.limits.first(lanes),
            self.rate[:lanes],
        )
