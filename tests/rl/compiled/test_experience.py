"""The compiled loop that collects samples, compared with roll-outs by torch's operations in the same environments."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
import torch

from fxai.market.markets.dataset import Market, prepare
from fxai.market.rules.compiled import Array
from fxai.rl.algorithms.a2c import A2c
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.algorithms.samples import Samples
from fxai.rl.compiled.experience import CompiledExperience
from fxai.rl.kernels import SampleArrays
from rl.compiled.program_pairs import LANES, SEEDS, compiled_program, lane_config, pack_of, torch_learner

ROLLOUTS = 4


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(lane_config(LANES[0], "ppo").data)


def experience_of(market: Market, algorithm: str, lanes: Sequence[int], *, dropout: bool = False) -> CompiledExperience:
    return compiled_program(market, pack_of(algorithm, lanes, dropout=dropout))._experience


def weights_of(market: Market) -> Array:
    """Weights of a policy with a preference, [lane, 2 * size]."""
    size = compiled_program(market, pack_of("ppo", [0])).weights().shape[1]
    return (0.3 * np.random.default_rng(0).normal(size=(1, size)).repeat(len(SEEDS), 0)).astype(np.float32)


def gathered(experience: CompiledExperience, weights: Array) -> list[SampleArrays]:
    """Copies of the samples of some roll-outs."""
    found = (experience.gather(weights, np.full(len(weights), update)) for update in range(ROLLOUTS))
    return [SampleArrays(*(column.copy() for column in samples)) for samples in found]


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("algorithm", ["ppo", "a2c"])
def test_samples_are_those_of_torch(
    market: Market, algorithm: str, *, dropout: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, weights = experience_of(market, algorithm, range(3), dropout=dropout), weights_of(market)
    learner = torch_learner(market, pack_of(algorithm, range(3), dropout=dropout), monkeypatch)
    assert isinstance(learner, Ppo | A2c)
    by_torch = learner._experience
    for update, ours in enumerate(gathered(compiled, weights)):
        theirs = by_torch.gather(torch.from_numpy(weights), torch.full((3,), update))
        assert np.array_equal(ours.action, theirs.action.numpy())
        assert len(np.unique(ours.action)) == 3
        for name in (field.name for field in fields(Samples)):
            one, other = getattr(ours, name), getattr(theirs, name).numpy()
            np.testing.assert_allclose(one.reshape(other.shape), other, rtol=1e-4, atol=1e-5, err_msg=name)
    state = {name: tensor.numpy() for name, tensor in by_torch.state().items()}
    assert {name: array.tolist() for name, array in compiled.state().items()} == {
        name: array.tolist() for name, array in state.items()
    }  # the market's rules are exact


def test_episodes_end_in_both_ways(market: Market) -> None:
    """The parity above includes steps that terminate an episode, and steps that truncate one."""
    experience = experience_of(market, "ppo", range(3))
    gathered(experience, weights_of(market))
    state = experience.state()
    remaining = state["end"] - state["bar"]
    assert remaining.min() >= 0
    drawdowns = state["account.drawdown"]
    assert 0.001 < drawdowns.max() < 0.004  # limits are near, and no account goes on beyond them
    assert len(set(remaining.ravel().tolist())) > 1  # episodes began at different steps, so some ended early


def test_a_lane_is_the_same_alone(market: Market) -> None:
    weights = weights_of(market)
    together = gathered(experience_of(market, "ppo", range(3), dropout=True), weights)
    for lane in range(3):
        alone = gathered(experience_of(market, "ppo", [lane], dropout=True), weights[lane : lane + 1])
        for one, other in zip(alone, together, strict=True):
            for ours, theirs in zip(one, other, strict=True):
                assert np.array_equal(ours[0], theirs[lane])


def test_a_restored_state_goes_on_with_the_same_samples(market: Market) -> None:
    first, second = (experience_of(market, "a2c", range(3)) for _ in range(2))
    weights, clock = weights_of(market), np.full(3, ROLLOUTS)
    gathered(first, weights)
    second.restore(first.state())
    for ours, theirs in zip(first.gather(weights, clock), second.gather(weights, clock), strict=True):
        assert np.array_equal(ours, theirs)
