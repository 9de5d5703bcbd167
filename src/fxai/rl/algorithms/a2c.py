"""Advantage actor-critic (A2C): one gradient step on each short roll-out."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fxai.rl.algorithms.a2c_loss import A2cLossWeights, a2c_loss_gradient
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.actor_critic_state import ActorCriticState
from fxai.rl.algorithms.adam import LaneAdam, norm_and_clip_factor
from fxai.rl.algorithms.experience import Experience
from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.algorithms.samples import Samples
from fxai.rl.compiled.gradient_steps import A2cGradientSteps
from fxai.rl.compiled.hyperparameters import DropoutStreams
from fxai.rl.kernels import A2C_STATISTICS
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.networks.dropout import Dropout
from fxai.rl.networks.mlp import Mlp
from fxai.spec.fields.a2c_config import A2cConfig


class A2c:
    """A2C for all lanes of a pack; implements `Learner`."""

    statistics = A2C_STATISTICS

    def __init__(
        self, configs: Sequence[A2cConfig], policy: ActorCritic, collector: Collector, seeds: Tensor, dropout: Dropout
    ) -> None:
        """Initialize weights and optimizer.

        Args:
            configs: One per lane. They differ only in the fields that may differ within a pack; see `pack.signature`.
            policy: Actor and critic.
            collector: Environments.
            seeds: [lane] int64, on the host, where the initial weights are computed.
            dropout: Masks.
        """
        self.policy, self._dropout = policy, dropout
        self._compiled: A2cGradientSteps | None = None
        if isinstance(policy.network, Mlp) and dropout.seeds.device.type == "cpu":
            masks = DropoutStreams(*(each.numpy() for each in dropout.streams()))
            self._compiled = A2cGradientSteps(configs, masks, policy.network.widths)
        self._experience = Experience(configs, policy, collector, dropout)
        device = dropout.seeds.device
        self._max_grad_norm = lane_numbers(configs, lambda c: c.max_grad_norm, device)
        self._loss = A2cLossWeights(
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
        """One gradient step on all samples, in place on the weights. Returns statistics [lane, statistic]."""
        if self._compiled is not None and runs_on_kernels(self.weights):
            weights, arrays = self.weights.numpy(), (self._adam.arrays(), samples.arrays())
            return torch.from_numpy(self._compiled(weights, *arrays, clock.numpy(), rate.numpy()))
        keep = self._dropout.keep(samples.number)
        logits, value, vjp = self.policy.vjp(self.weights, samples.observation, keep)
        loss = a2c_loss_gradient(logits, value, samples, self._loss)
        gradient = vjp(loss.logits, loss.value)
        norm, clip_factor = norm_and_clip_factor(gradient, self._max_grad_norm)
        (factors,) = self._adam.step_factors(rate, None, 1)
        self._adam.step(self.weights, gradient, clip_factor, factors)
        return torch.cat([loss.statistics, norm.unsqueeze(1)], dim=1)

    def state(self) -> dict[str, Tensor]:
        return self._state.tensors()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self._state.restore(state)
