"""Generalised advantage estimation against the sum it is defined by."""

from collections.abc import Mapping

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.rl.algorithms.advantages import advantages


def slow(steps: Mapping[str, list[float]], gamma: float, lam: float) -> list[float]:
    """Each advantage as the discounted sum of the surprises up to the episode's end."""
    length = len(steps["reward"])
    found = []
    for start in range(length):
        total, weight = 0.0, 1.0
        for t in range(start, length):
            future = 0.0 if steps["terminated"][t] else gamma * steps["next_value"][t]
            total += weight * (steps["reward"][t] + future - steps["value"][t])
            if steps["terminated"][t] or steps["truncated"][t]:
                break
            weight *= gamma * lam
        found.append(total)
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), gamma=st.floats(0, 1), lam=st.floats(0, 1))
def test_as_the_slow_sum(seed: int, gamma: float, lam: float):
    generator = torch.Generator().manual_seed(seed)
    ends = torch.rand(2, 9, 3, generator=generator)
    numbers = torch.randn(3, 2, 9, 3, generator=generator, dtype=torch.float64)
    steps = dict(zip(("reward", "value", "next_value"), numbers, strict=True))
    steps |= {"terminated": ends < 0.15, "truncated": ends > 0.85}
    gammas, lambdas = torch.tensor([gamma, 0.9]).double(), torch.tensor([lam, 0.5]).double()
    fast = advantages(**steps, gamma=gammas, gae_lambda=lambdas)
    for lane in range(2):
        for env in range(3):
            columns = {name: column[lane, :, env].tolist() for name, column in steps.items()}
            expected = slow(columns, gammas[lane].item(), lambdas[lane].item())
            assert fast[lane, :, env].tolist() == pytest.approx(expected, abs=1e-9)
