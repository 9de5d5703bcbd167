"""Copies of a lane, there and back."""

import numpy as np

from fxai.market.rules.compiled import Array, compiled
from fxai.rl.kernels.adam import AdamArrays
from fxai.rl.kernels.lane_copy import give_back_lane, lane_copy, net_parts, take_lane

LANES, SIZE = 3, 37


@compiled
def doubled(weights: Array, adam: AdamArrays, lane: int, seen: Array) -> None:
    """Doubles a lane by way of its copy; fills `seen` [2, size] with the parts of actor and critic before that."""
    own = lane_copy(weights.shape[1] // 2, adam)
    take_lane(weights, adam, lane, own)
    actor, critic = net_parts(own.weights, weights.shape[1] // 2)
    for i in range(len(actor)):
        seen[0, i], seen[1, i] = actor[i], critic[i]
    own.weights[:] *= 2
    own.adam.mean[:] *= 2
    own.adam.square[:] *= 2
    own.adam.powers[:] *= 2
    give_back_lane(own, weights, adam, lane)


def test_what_changes_in_a_copy_changes_in_its_lane_only():
    random = np.random.default_rng(0)
    weights, mean, square = (random.standard_normal((LANES, 2 * SIZE)).astype("f") for _ in range(3))
    adam = AdamArrays(mean, square, random.random((LANES, 2)), np.array([0.9, 0.999, 1e-5]))
    changed = weights, mean, square, adam.powers
    before = [each.copy() for each in changed]
    seen = np.empty((2, SIZE), "f")
    doubled(weights, adam, 1, seen)
    np.testing.assert_array_equal(seen, before[0][1].reshape(2, SIZE))
    for array, earlier in zip(changed, before, strict=True):
        np.testing.assert_array_equal(array[1], 2 * earlier[1])
        np.testing.assert_array_equal(array[[0, 2]], earlier[[0, 2]])
