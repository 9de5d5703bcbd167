"""Action values: what dueling and twin critics say, and how a derivative goes back through them."""

import pytest
import torch

from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.lanes.policy import greedy
from fxai.rl.networks.mlp import Mlp

SHAPE, ACTIONS, LANES, SAMPLES = (2, 3), 4, 2, 6
KINDS = {"plain": (False, 1), "dueling": (True, 1), "twin": (False, 2), "dueling twin": (True, 2)}


@pytest.fixture(params=KINDS)
def policy(request: pytest.FixtureRequest) -> QNetwork:
    dueling, critics = KINDS[request.param]
    return QNetwork(Mlp(SHAPE, (7, 7), outputs=ACTIONS + dueling), dueling=dueling, critics=critics)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def setting(policy: QNetwork) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    keep = (normal(LANES, SAMPLES, policy.dropout_sites, seed=2) > 0) * 2.0
    return 0.5 * normal(LANES, policy.size, seed=0), normal(LANES, SAMPLES, *SHAPE, seed=1), keep.double()


def by_critic(policy: QNetwork, weights: torch.Tensor, seen: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Each critic of each lane by itself."""
    found = torch.empty(LANES, policy.critics, ACTIONS, SAMPLES, dtype=weights.dtype)
    for lane in range(LANES):
        pairs = zip(weights[lane].chunk(policy.critics), keep[lane].chunk(policy.critics, dim=1), strict=True)
        for critic, (own, sites) in enumerate(pairs):
            outputs = policy.network(own[None], seen[lane : lane + 1], sites[None])[0]
            if policy.dueling:
                outputs = outputs[0] + outputs[1:] - outputs[1:].mean(0)
            found[lane, critic] = outputs
    return found


def test_values_are_those_of_each_critic(policy: QNetwork):
    weights, seen, keep = setting(policy)
    expected = by_critic(policy, weights, seen, keep)
    torch.testing.assert_close(policy.values(weights, seen, keep), expected)
    torch.testing.assert_close(policy.preferences(weights, seen, keep), expected.mean(1))
    torch.testing.assert_close(policy.vjp(weights, seen, keep)[0], expected)


def test_vjp_is_the_derivative(policy: QNetwork):
    weights, seen, keep = setting(policy)
    d_values = normal(LANES, policy.critics, ACTIONS, SAMPLES, seed=3)
    with torch.no_grad():
        gradient = policy.vjp(weights, seen, keep)[1](d_values)
    for seed in range(4, 24):
        way = 1e-6 * normal(*weights.shape, seed=seed)
        change = policy.values(weights + way, seen, keep) - policy.values(weights - way, seen, keep)
        expected = (change * d_values).sum((1, 2, 3)) / 2
        torch.testing.assert_close((gradient * way).sum(1), expected, rtol=1e-4, atol=1e-12)


def test_at_first_all_values_are_small_and_no_two_critics_alike(policy: QNetwork):
    weights = policy.initial(torch.tensor([1, 2]))
    assert weights.shape == (LANES, policy.size)
    values = policy.values(weights, torch.ones(LANES, 1, *SHAPE))
    assert values.abs().max() < 0.1
    assert len(values.flatten(0, 1).unique(dim=0)) == LANES * policy.critics


def test_it_acts_by_the_mean_of_its_critics():
    policy = QNetwork(Mlp((1,), (), outputs=2), critics=2)
    of_one_critic = {
        "first": [0.0, 0.0, 1.0, 0.0],
        "second": [0.0, 0.0, 0.0, 3.0],
    }  # weights, then biases, of 2 actions
    weights = torch.tensor([of_one_critic["first"] + of_one_critic["second"]])
    assert greedy(policy, weights, torch.zeros(1, 1, 1)).item() == 1
