"""Proximal policy optimization (PPO): several epochs of minibatch steps with the clipped loss on each roll-out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.actor_critic_state import ActorCriticState
from fxai.rl.algorithms.adam import LaneAdam, norm_and_clip_factor
from fxai.rl.algorithms.experience import Experience
from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.algorithms.ppo_loss import KL, PpoLossWeights, ppo_loss_gradient
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.algorithms.samples import Samples
from fxai.rl.compiled.gradient_steps import PpoGradientSteps
from fxai.rl.compiled.hyperparameters import DropoutStreams
from fxai.rl.kernels import KL_TOLERANCE, PPO_STATISTICS
from fxai.rl.lanes import counter_rng
from fxai.rl.lanes.active_lanes import active_lanes, is_known_empty
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.lanes.running_mean import RunningMean
from fxai.rl.networks.dropout import Dropout
from fxai.rl.networks.mlp import Mlp
from fxai.spec.fields.ppo_config import PpoConfig


class Ppo:
    """PPO for all lanes of a pack; implements `Learner`."""

    statistics = PPO_STATISTICS

    def __init__(
        self, configs: Sequence[PpoConfig], policy: ActorCritic, collector: Collector, seeds: Tensor, dropout: Dropout
    ) -> None:
        """Initialize weights and optimizer.

        Args:
            configs: One per lane, of equal `pack.signature`.
            policy: Actor and critic.
            collector: Environments.
            seeds: [lane] int64, on the host, where the initial weights are computed.
            dropout: Masks.
        """
        self.policy, self._seeds, self._dropout = policy, dropout.seeds, dropout
        self._experience = Experience(configs, policy, collector, dropout)
        self._batch_size = configs[0].batch_size
        self._compiled: PpoGradientSteps | None = None
        if isinstance(policy.network, Mlp) and dropout.seeds.device.type == "cpu":
            masks = DropoutStreams(*(each.numpy() for each in dropout.streams()))
            self._compiled = PpoGradientSteps(configs, seeds.numpy(), masks, policy.network.widths)
        device = dropout.seeds.device
        self._limits = _Limits.of(configs, device)
        clips_value = any(config.value_clip_epsilon is not None for config in configs)
        value_clip = lane_numbers(configs, lambda c: c.value_clip_epsilon, device) if clips_value else None
        self._loss = PpoLossWeights.of(
            clip_epsilon=lane_numbers(configs, lambda c: c.clip_epsilon, device),
            value_clip_epsilon=value_clip,
            entropy_coef=lane_numbers(configs, lambda c: c.entropy_coef, device),
            value_coef=lane_numbers(configs, lambda c: c.value_coef, device),
        )
        self.weights = policy.initial(seeds).to(device)
        self._adam = LaneAdam.of(self.weights)
        self._state = ActorCriticState(self.weights, self._adam, self._experience)

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        return self.improve(self._experience.gather(self.weights, clock), clock, rate)

    @torch.no_grad()
    def improve(self, samples: Samples, clock: Tensor, rate: Tensor) -> Tensor:
        """Minibatch steps on the samples, in place on the weights. Returns mean statistics [lane, statistic].

        The means are over the last epoch of each lane, and over all epochs for a lane with `target_kl`.
        """
        if self._compiled is not None and runs_on_kernels(self.weights):
            weights, arrays = self.weights.numpy(), (self._adam.arrays(), samples.arrays())
            return torch.from_numpy(self._compiled(weights, *arrays, clock.numpy(), rate.numpy()))
        all_lanes = _LaneSlice(self.weights, self._adam, self._loss, self._limits, rate)
        active = torch.ones_like(rate, dtype=torch.bool)
        running_mean = RunningMean.of(self.weights, len(self.statistics))
        for epoch, lanes in enumerate(self._limits.lanes_by_epoch):
            lanes_slice = all_lanes.first(lanes)
            active = active[:lanes] & (lanes_slice.limits.epochs > epoch)
            minibatches = self._minibatches(samples, epoch, lanes, clock)
            if self._limits.has_target_kl:
                active = self._epoch_with_target_kl(lanes_slice, epoch, minibatches, active, running_mean)
            else:
                self._epoch(lanes_slice, epoch, minibatches, active, running_mean)
        return running_mean.means()

    def _epoch(
        self,
        lanes_slice: "_LaneSlice",
        epoch: int,
        minibatches: Sequence[Samples],
        active: Tensor,
        running_mean: RunningMean,
    ) -> None:
        with_statistics = epoch in lanes_slice.limits.last_epochs
        counted = lanes_slice.limits.epochs == epoch + 1
        mask = active if epoch in lanes_slice.limits.masked_epochs else None
        for batch, factors in zip(
            minibatches, lanes_slice.adam.step_factors(lanes_slice.rate, mask, len(minibatches)), strict=True
        ):
            gradient, clip_factor, statistics = self._gradient(lanes_slice, batch, with_statistics=with_statistics)
            if statistics is not None:
                running_mean.add(statistics, counted)
            lanes_slice.adam.step(lanes_slice.weights, gradient, clip_factor, factors)

    def _epoch_with_target_kl(
        self,
        lanes_slice: "_LaneSlice",
        epoch: int,
        minibatches: Sequence[Samples],
        active: Tensor,
        running_mean: RunningMean,
    ) -> Tensor:
        """An epoch in which some lane has a target KL. Returns the mask of the lanes that continue after the epoch."""
        limits = lanes_slice.limits
        counted = (limits.epochs == epoch + 1) | limits.kl.isfinite()
        for batch in minibatches:
            if is_known_empty(active):
                break
            gradient, clip_factor, statistics = self._gradient(lanes_slice, batch, with_statistics=True)
            if statistics is not None:
                running_mean.add(statistics, counted & active)
                active = active & ~(
                    statistics[:, KL] > KL_TOLERANCE * limits.kl
                )  # NaN does not stop a lane, so it reaches the weights and is detected
            (factors,) = lanes_slice.adam.step_factors(lanes_slice.rate, active, 1)
            lanes_slice.adam.step(lanes_slice.weights, gradient, clip_factor, factors)
        return active

    def _gradient(
        self, lanes_slice: "_LaneSlice", batch: Samples, *, with_statistics: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Gradient of the loss by the lanes' weights, its clip factor, and the statistics if requested."""
        keep = self._dropout.keep(batch.number)
        logits, value, vjp = self.policy.vjp(lanes_slice.weights, batch.observation, keep)
        loss = ppo_loss_gradient(logits, value, batch, lanes_slice.loss, with_statistics=with_statistics)
        gradient = vjp(loss.logits, loss.value)
        norm, clip_factor = norm_and_clip_factor(gradient, lanes_slice.limits.grad_norm)
        if loss.statistics is None:
            return gradient, clip_factor, None
        return gradient, clip_factor, torch.cat([loss.statistics, norm.unsqueeze(1)], dim=1)

    def state(self) -> dict[str, Tensor]:
        return self._state.tensors()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self._state.restore(state)

    def _minibatches(self, samples: Samples, epoch: int, lanes: int, clock: Tensor) -> list[Samples]:
        """The minibatches of an epoch for the first lanes; each lane has its own permutation."""
        return samples.minibatches(self._order(samples, epoch, lanes, clock), self._batch_size)

    def _order(self, samples: Samples, epoch: int, lanes: int, clock: Tensor) -> Tensor:
        """The permutation [lane, sample] of an epoch for the first lanes."""
        count = samples.action.shape[1]
        step = (clock * self._limits.epochs)[:lanes] + epoch
        return counter_rng.permutation(self._seeds[:lanes], counter_rng.Purpose.MINIBATCH, step, count)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Limits of the steps of an update, [lane]; a limit that is not set is infinite."""

    epochs: Tensor  # int64
    lanes_by_epoch: tuple[int, ...]  # number of first lanes that each epoch includes
    last_epochs: frozenset[int]  # epochs that are the last of some lane
    masked_epochs: frozenset[int]  # epochs in which some included lane has finished already
    grad_norm: Tensor
    kl: Tensor
    has_target_kl: bool  # whether some lane has target_kl

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
            has_target_kl=any(config.target_kl is not None for config in configs),
        )


@dataclass(frozen=True, slots=True)
class _LaneSlice:
    """Tensors that steps read and change, for all lanes or for the first lanes."""

    weights: Tensor
    adam: LaneAdam
    loss: PpoLossWeights
    limits: _Limits
    rate: Tensor

    def first(self, lanes: int) -> "_LaneSlice":
        if lanes == len(self.weights):
            return self
        return _LaneSlice(
            self.weights[:lanes],
            self.adam.first(lanes),
            self.loss.first(lanes),
            self.limits.first(lanes),
            self.rate[:lanes],
        )
