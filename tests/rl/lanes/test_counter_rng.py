"""Draws are functions of their counters, and random enough."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fxai.rl.lanes.counter_rng import Purpose, bits, normal, permutation, uniform

SEEDS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5)
N = 200_000


def ref_split_mix(state: int) -> int:
    """The published generator in plain integers: the output for one state."""
    mask = 2**64 - 1
    z = state & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


@given(seed=st.integers(-(2**63), 2**63 - 1), step=st.integers(0, 10**9))
def test_the_mixing_is_split_mix(seed: int, step: int) -> None:
    golden = 0x9E3779B97F4A7C15
    key = ref_split_mix(seed * golden)
    key = ref_split_mix(key + Purpose.ACTION * golden)
    key = ref_split_mix(key + step * golden)
    expected = [ref_split_mix(key + position * golden) for position in (1, 2, 3)]
    drawn = bits(torch.tensor([seed]), Purpose.ACTION, step, (3,))[0]
    assert [value % 2**64 for value in drawn.tolist()] == expected


@given(seeds=SEEDS, step=st.integers(0, 10**6))
def test_a_lane_draws_the_same_alone_and_in_a_pack(seeds: list[int], step: int) -> None:
    pack = uniform(torch.tensor(seeds), Purpose.ACTION, step, (4, 3))
    for lane, seed in enumerate(seeds):
        assert torch.equal(pack[lane], uniform(torch.tensor([seed]), Purpose.ACTION, step, (4, 3))[0])


def test_steps_may_differ_between_lanes() -> None:
    seeds = torch.tensor([7, 7])
    drawn = uniform(seeds, Purpose.ACTION, torch.tensor([1, 2]), (5,))
    assert torch.equal(drawn[1], uniform(seeds[:1], Purpose.ACTION, 2, (5,))[0])
    assert not torch.equal(drawn[0], drawn[1])


@pytest.mark.parametrize("seeds", [(0, 1), (1, 2), (2**31, 2**32)])
def test_uniform_draws_are_uniform_and_unrelated(seeds: tuple[int, int]) -> None:
    first, second = uniform(torch.tensor(seeds), Purpose.ACTION, 0, (N,)).double()
    other = uniform(torch.tensor(seeds[:1]), Purpose.MINIBATCH, 0, (N,))[0].double()
    noise = 4 / math.sqrt(N)
    counts = torch.histc(first, bins=64, min=0, max=1)
    chi_square = float(((counts - N / 64) ** 2 / (N / 64)).sum())
    assert chi_square < 63 + 5 * math.sqrt(2 * 63)
    for a, b in ((first, second), (first, other), (first[1:], first[:-1])):
        assert abs(float(torch.corrcoef(torch.stack([a, b]))[0, 1])) < noise


def test_normal_draws_have_the_moments_of_the_normal() -> None:
    drawn = normal(torch.tensor([3]), Purpose.WEIGHTS, (N,))[0].double()
    assert abs(float(drawn.mean())) < 4 / math.sqrt(N)
    assert abs(float(drawn.var()) - 1) < 4 * math.sqrt(2 / N)
    assert abs(float((drawn**4).mean()) - 3) < 4 * math.sqrt(96 / N)


@given(seed=st.integers(0, 2**40), length=st.integers(1, 50))
def test_a_permutation_holds_every_position_once(seed: int, length: int) -> None:
    order = permutation(torch.tensor([seed, seed + 1]), Purpose.MINIBATCH, 3, length)
    assert torch.equal(order.sort(dim=1).values, torch.arange(length).expand(2, length))
