"""The replay against steps remembered one by one in lists."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.rl.algorithms.replay_buffer import ReplayBuffer, Transitions
from fxai.rl.algorithms.rollout import Rollout
from fxai.rl.lanes import counter_rng

LANES, ENVS, STEPS = 3, 2, 4  # steps of a roll-out


def rollout(generator: torch.Generator, first: int) -> Rollout:
    """Random steps; an observation is its own number, so that no two are alike."""
    shape = (LANES, STEPS, ENVS)
    number = torch.arange(first, first + LANES * STEPS * ENVS, dtype=torch.float64).view(shape)
    ends = torch.rand(shape, generator=generator)
    return Rollout(
        observation=number.unsqueeze(-1),
        final_observation=number.unsqueeze(-1) + 0.5,
        preferences=torch.zeros(LANES, STEPS, 1, ENVS),
        action=torch.randint(5, shape, generator=generator),
        reward=torch.randn(shape, generator=generator, dtype=torch.float64),
        terminated=ends < 0.2,
        truncated=ends > 0.8,
        number=torch.zeros(shape, dtype=torch.int64),
    )


@dataclass(frozen=True)
class Remembered:
    observation: float
    final_observation: float
    action: int
    reward: float
    terminated: bool
    truncated: bool


def remembered(rollouts: Sequence[Rollout], lane: int, env: int) -> list[Remembered]:
    columns = ("observation", "final_observation", "action", "reward", "terminated", "truncated")
    return [
        Remembered(*(getattr(rollout, name)[lane, time, env].item() for name in columns))
        for rollout in rollouts
        for time in range(STEPS)
    ]


def slow(steps: Sequence[Remembered], start: int, n_step: int, gamma: float) -> tuple[float, ...]:
    """The transition of n steps from `start` as it is defined."""
    total, discount = 0.0, 1.0
    for step in steps[start : start + n_step]:
        total += discount * step.reward
        discount *= gamma
        last = step
        if step.terminated or step.truncated:
            break
    bootstraps = not last.terminated
    first = steps[start]
    return first.observation, first.action, total, discount * bootstraps, last.final_observation


def rows(transitions: Transitions, lane: int) -> list[tuple[float, ...]]:
    columns = (
        transitions.observation.squeeze(-1),
        transitions.action,
        transitions.reward,
        transitions.discount,
        transitions.next_observation.squeeze(-1),
    )
    return list(zip(*(column[lane].tolist() for column in columns), strict=True))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_step=st.integers(1, STEPS),
    ring=st.integers(STEPS, 11),
    written=st.lists(st.integers(1, 5), min_size=LANES, max_size=LANES),
    gamma=st.floats(0, 1),
)
def test_every_transition_is_as_defined(seed: int, n_step: int, ring: int, written: list[int], gamma: float):
    """Lanes that began at different times draw each of their transitions, and no others."""
    generator = torch.Generator().manual_seed(seed)
    replay = ReplayBuffer(torch.zeros(LANES, ENVS, 1, dtype=torch.float64), steps=ring, n_step=n_step)
    joined = [max(written) - count for count in written]
    rollouts = [rollout(generator, 100 * i) for i in range(max(written))]
    for i, steps in enumerate(rollouts):  # before it joins, a lane is another's, whose clock ends
        clock = torch.tensor([i - start if i >= start else i for start in joined])
        replay.write(steps, clock * STEPS)
    gammas = torch.tensor([gamma, 0.9, 1.0], dtype=torch.float64)
    taken = torch.tensor(written) * STEPS
    all_places = torch.arange(ring * ENVS).expand(LANES, 1, -1)  # each is met, some more than once
    found = replay.transitions(replay.draw(all_places, taken, gammas), 0, LANES)
    for lane, start in enumerate(joined):
        filled = min(ring, written[lane] * STEPS)
        expected = [
            slow(remembered(rollouts[start:], lane, env)[-filled:], first, n_step, gammas[lane].item())
            for first in range(filled - n_step + 1)
            for env in range(ENVS)
        ]
        met = sorted(set(rows(found, lane)))
        assert len(met) == len(expected)
        for one, other in zip(met, sorted(expected), strict=True):
            assert one == pytest.approx(other, abs=1e-12)


def filled(n_step: int = 2, ring: int = 6) -> ReplayBuffer:
    replay = ReplayBuffer(torch.zeros(LANES, ENVS, 1, dtype=torch.float64), steps=ring, n_step=n_step)
    generator = torch.Generator().manual_seed(0)
    for i in range(2):
        replay.write(rollout(generator, 100 * i), torch.full((LANES,), i * STEPS))
    return replay


GAMMA = torch.full((LANES,), 0.9, dtype=torch.float64)
WRITTEN = torch.full((LANES,), 2 * STEPS)


def test_draws_are_uniform_over_what_is_there():
    bits = counter_rng.bits(torch.arange(LANES), counter_rng.Purpose.REPLAY, 0, (5, 800))
    drawn = filled().draw(bits, WRITTEN, GAMMA)
    assert (bits < 0).any()
    for lane in range(LANES):
        places, counts = drawn.first[lane].unique(return_counts=True)
        assert len(places) == (6 - 2 + 1) * ENVS
        assert counts.min() > 320  # of 400 expected; the deviation is 19
        assert counts.max() < 480


def test_a_portion_of_the_first_lanes():
    replay = filled()
    bits = counter_rng.bits(torch.arange(LANES), counter_rng.Purpose.REPLAY, 0, (2, 5))
    drawn = replay.draw(bits, WRITTEN, GAMMA)
    whole = replay.transitions(drawn, 1, LANES)
    part = replay.transitions(drawn, 1, 2)
    assert [rows(part, lane) for lane in range(2)] == [rows(whole, lane) for lane in range(2)]


def test_restored_it_draws_the_same():
    bits = counter_rng.bits(torch.arange(LANES), counter_rng.Purpose.REPLAY, 0, (1, 50))
    replay = filled()
    other = ReplayBuffer(torch.zeros(LANES, ENVS, 1, dtype=torch.float64), steps=6, n_step=2)
    other.restore({name: tensor.clone() for name, tensor in replay.state().items()})
    before, after = (r.transitions(r.draw(bits, WRITTEN, GAMMA), 0, LANES) for r in (replay, other))
    assert [rows(after, lane) for lane in range(LANES)] == [rows(before, lane) for lane in range(LANES)]
