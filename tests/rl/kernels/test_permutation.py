"""Permutations of compiled loops compared with those of torch's operations."""

import numpy as np
import pytest
import torch

from fxai.market.rules.compiled import Array, compiled
from fxai.rl.kernels.counter_bits import GOLDEN, mix
from fxai.rl.kernels.permutation import fill_permutation
from fxai.rl.lanes import counter_rng

SEEDS = torch.tensor([0, 7, -3, 2**40])


@compiled
def fill_permutations(keys: Array, orders: Array) -> None:
    for lane in range(len(keys)):
        fill_permutation(keys[lane], orders[lane])


@pytest.mark.parametrize("count", [1, 2, 7, 1000, 5000])
def test_an_order_is_that_of_the_counter(count: int):
    streams = counter_rng.stream_keys(SEEDS, counter_rng.Purpose.MINIBATCH)
    orders = np.empty((len(SEEDS), count), np.int64)
    fill_permutations(mix(streams + torch.full_like(streams, 5) * GOLDEN).numpy(), orders)
    wanted = counter_rng.permutation(SEEDS, counter_rng.Purpose.MINIBATCH, 5, count)
    assert torch.from_numpy(orders).equal(wanted)
