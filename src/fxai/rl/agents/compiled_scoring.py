"""Takes the steps that score a policy by a compiled loop, on a CPU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from fxai.rl.agents.scored_episodes import ScoredEpisodes
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.numba_backend import NumbaBackend
from fxai.rl.kernels import STEP_FIELDS, greedy_steps, runs_on_kernels
from fxai.rl.lanes.policy import Policy
from fxai.rl.networks.mlp import Mlp


@dataclass(frozen=True, slots=True)
class CompiledScoring:
    """The environments and the network that the loop reads. The steps are those of torch's operations to the bit."""

    backend: NumbaBackend
    network: Mlp

    @classmethod
    def of(cls, policy: Policy, weights: Tensor, env: MarketEnv) -> "CompiledScoring | None":
        """The scoring in these environments; None if the loop does not know the policy or cannot step them."""
        if isinstance(policy, ActorCritic) or (isinstance(policy, QNetwork) and policy.is_one_net):
            network = policy.network
            if isinstance(network, Mlp) and env.compiled is not None and runs_on_kernels(weights):
                return cls(env.compiled, network)
        return None

    def steps(self, weights: Tensor, episodes: ScoredEpisodes, lanes: Sequence[int], gaps: Sequence[int]) -> Tensor:
        """The fields of all steps [lane, field, episode, step]; 0 after the end of an episode.

        Args:
            weights: Of these lanes, [lane, size].
            episodes: Of all lanes.
            lanes: The lanes; each environment is at the first bar of its episode.
            gaps: Bars from one decision of a lane to the next.
        """
        starts, ends = episodes.starts[list(lanes)], episodes.ends[list(lanes)]
        fields = weights.new_zeros(len(lanes), len(STEP_FIELDS), starts.shape[1], episodes.longest)
        greedy_steps(
            *self.backend.arrays(),
            starts.numpy(),
            ends.numpy(),
            weights.contiguous().numpy(),
            self.network.layout.size,
            self.network.widths,
            np.array(gaps),
            fields.numpy(),
        )
        return fields
