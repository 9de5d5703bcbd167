"""Initial weights of actor and critic: two multilayer perceptrons of one shape; see `rl/algorithms/actor_critic.py`."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.lanes.counter_draws import Purpose, normal
from fxai.rl.networks.mlp_shape import MlpShape
from fxai.rl.networks.orthogonal import ACTOR_HEAD_GAIN, CRITIC_HEAD_GAIN

_KEPT = 64  # lanes whose weights are not computed again when the lanes of a pack change


def initial_weights(network: MlpShape, seeds: Sequence[int]) -> Array:
    """Initial weights [lane, 2 * size]: the actor's, then the critic's, whose head has as many outputs."""
    return np.concatenate([_of_one(network, seed) for seed in seeds])


@lru_cache(maxsize=_KEPT)
def _of_one(network: MlpShape, seed: int) -> Array:
    """Those of one lane, [1, 2 * size]."""
    gaussian = normal(np.array([seed], np.int64), Purpose.WEIGHTS, (2, network.size))
    actor = network.initial(gaussian[:, 0], ACTOR_HEAD_GAIN)
    critic = network.initial(gaussian[:, 1], CRITIC_HEAD_GAIN)
    return np.concatenate([actor, critic], axis=1)
