"""Draws as arrays are those of tensors."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from fxai.rl.kernels.counter_bits import shift_right
from fxai.rl.lanes import counter_draws, counter_rng
from fxai.rl.lanes.counter_draws import Purpose

SEEDS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5)


@given(seeds=SEEDS, step=st.integers(0, 10**9), purpose=st.sampled_from(Purpose))
def test_bits_and_uniform_numbers_are_those_of_tensors(seeds: list[int], step: int, purpose: Purpose) -> None:
    array, tensor = np.array(seeds, np.int64), torch.tensor(seeds)
    steps = step + np.arange(len(seeds))
    bits = counter_draws.bits(array, purpose, steps, (2, 3))
    assert np.array_equal(bits, counter_rng.bits(tensor, purpose, torch.from_numpy(steps), (2, 3)).numpy())
    uniform = counter_draws.uniform(array, purpose, steps, (4,))
    assert uniform.dtype == np.float32
    assert np.array_equal(uniform, counter_rng.uniform(tensor, purpose, torch.from_numpy(steps), (4,)).numpy())
    assert np.array_equal(counter_draws.stream_keys(array, purpose), counter_rng.stream_keys(tensor, purpose).numpy())


def test_normal_numbers_are_torchs_quantiles() -> None:
    seeds = np.array([3, -4], np.int64)
    bits = counter_draws.bits(seeds, Purpose.WEIGHTS, np.zeros(2, np.int64), (50_000,))
    centre = (shift_right(torch.from_numpy(bits), 40).double() + 0.5) * 2.0**-24
    found = torch.from_numpy(counter_draws.normal(seeds, Purpose.WEIGHTS, (50_000,)))
    torch.testing.assert_close(found, torch.special.ndtri(centre).float(), rtol=1e-6, atol=0)
