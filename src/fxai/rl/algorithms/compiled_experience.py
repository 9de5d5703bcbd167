"""Collects the samples of an actor-critic in the market's environments by a compiled loop, on a CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.samples import Samples
from fxai.rl.environment.batched_env import BatchedEnv
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.numba_backend import NumbaBackend
from fxai.rl.kernels import RolloutDraws, SampleArrays, actor_critic_samples
from fxai.rl.lanes import counter_rng
from fxai.rl.networks.dropout import Dropout
from fxai.rl.networks.mlp import Mlp


@dataclass(frozen=True, slots=True)
class CompiledExperience:
    """The environments and the network that the loop reads. The samples are those of `Experience` up to rounding."""

    env: MarketEnv
    backend: NumbaBackend
    network: Mlp

    @classmethod
    def of(cls, policy: ActorCritic, env: BatchedEnv) -> "CompiledExperience | None":
        """The experience of these environments; None if the loop cannot step them or does not know the network."""
        if not isinstance(env, MarketEnv) or env.compiled is None or not isinstance(policy.network, Mlp):
            return None
        return cls(env, env.compiled, policy.network)

    def gather(
        self, weights: Tensor, dropout: Dropout, clock: Tensor, *, steps: int, discounts: tuple[Tensor, Tensor, Tensor]
    ) -> Samples:
        """Samples of one roll-out.

        Args:
            weights: [lane, 2 * size].
            dropout: Masks.
            clock: Number of earlier roll-outs, [lane] int64.
            steps: Steps of the roll-out.
            discounts: Discounts, lambdas, and whether advantages are normalized, each [lane].
        """
        shape = (len(weights), steps, self.env.envs)
        starts, ends = self.env.take(steps)
        uniform = counter_rng.uniform(dropout.seeds, counter_rng.Purpose.ACTION, clock, shape[1:])
        draws = RolloutDraws(*(each.numpy() for each in (uniform, starts, ends, *dropout.streams())))
        number = torch.arange(steps * self.env.envs).view(shape[1:]) + (clock * steps * self.env.envs)[:, None, None]
        samples = Samples(
            observation=weights.new_empty(*shape, *self.env.observation_shape),
            action=number.new_empty(shape),
            log_prob=weights.new_empty(shape),
            value=weights.new_empty(shape),
            advantage=weights.new_empty(shape),
            target=weights.new_empty(shape),
            number=number,
        )
        arrays = SampleArrays(*(each.numpy() for each in samples.columns()))
        gamma, gae_lambda, normalizes = (each.numpy() for each in discounts)
        market, environments = self.backend.arrays()
        actor_critic_samples(
            market,
            environments,
            draws,
            weights.numpy(),
            self.network.widths,
            gamma,
            gae_lambda,
            normalizes,
            arrays,
        )
        return Samples(*(column.flatten(1, 2) for column in samples.columns()))
