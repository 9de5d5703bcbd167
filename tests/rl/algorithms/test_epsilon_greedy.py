"""Epsilon-greedy: each environment's own coin, each lane's own share."""

import pytest
import torch

from fxai.rl.algorithms.epsilon_greedy import EpsilonSchedule, epsilon_greedy
from fxai.rl.lanes import counter_rng
from fxai.spec.fields.dqn_config import DqnConfig
from ways import either_way  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_way")
LANES, SAMPLES, ACTIONS = 3, 6000, 3


def chance() -> torch.Tensor:
    return counter_rng.uniform(torch.arange(LANES), counter_rng.Purpose.ACTION, 0, (SAMPLES,))


def preferring(action: int) -> torch.Tensor:
    preferences = torch.zeros(LANES, ACTIONS, SAMPLES)
    preferences[:, action] = 1
    return preferences


def test_shares_are_the_lanes_own():
    actions = epsilon_greedy(preferring(1), chance(), torch.tensor([0.0, 0.3, 1.0]))
    shares = [[(actions[lane] == action).float().mean().item() for action in range(ACTIONS)] for lane in range(LANES)]
    assert shares[0] == [0, 1, 0]
    assert shares[1] == pytest.approx([0.1, 0.8, 0.1], abs=0.02)
    assert shares[2] == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=0.03)


def test_coins_differ_between_environments_and_lanes():
    explores = epsilon_greedy(preferring(1), chance(), torch.full((LANES,), 0.9)) != 1
    assert 0.5 < explores[0].float().mean() < 0.7  # neither all nor none
    together = (explores[0] & explores[1]).float().mean()
    assert together == pytest.approx(0.36, abs=0.03)


def test_equal_and_missing_preferences():
    """The first of equal preferences is chosen; NaN counts as the largest."""
    preferences = torch.tensor([[[1.0, 0.0, 2.0], [1.0, torch.nan, 3.0], [0.0, 5.0, 3.0]]])
    assert epsilon_greedy(preferences, torch.full((1, 3), 0.5), torch.zeros(1)).tolist() == [[0, 1, 1]]


def test_the_last_place_below_epsilon_is_an_action():
    share = torch.tensor([0.05, 1.0, 1e-7])
    below = torch.nextafter(share, torch.zeros(())).unsqueeze(1)
    assert (epsilon_greedy(preferring(0)[:, :, :1], below, share) == ACTIONS - 1).all()


def test_the_share_falls_linearly_then_stays():
    configs = [
        DqnConfig(total_updates=100, exploration_initial=1.0, exploration_final=0.2, exploration_fraction=0.1),
        DqnConfig(total_updates=200, exploration_initial=0.5, exploration_final=0.1, exploration_fraction=1.0),
        DqnConfig(total_updates=100, exploration_initial=1.0, exploration_final=0.2, exploration_fraction=0.0),
    ]
    exploration = EpsilonSchedule.of(configs, torch.device("cpu"))
    expected = {0: [1.0, 0.5, 0.2], 5: [0.6, 0.49, 0.2], 10: [0.2, 0.48, 0.2], 100: [0.2, 0.3, 0.2]}
    for clock, shares in expected.items():
        assert exploration.epsilon(torch.full((3,), clock)).tolist() == pytest.approx(shares)
    mixed = exploration.epsilon(torch.tensor([5, 100, 0])).tolist()
    assert mixed == pytest.approx([0.6, 0.3, 0.2])
