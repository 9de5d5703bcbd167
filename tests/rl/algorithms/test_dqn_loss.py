"""The loss and its gradient against Stable-Baselines3's own gradient step; targets against their definitions."""

import pytest
import torch
from torch.nn import functional

from fxai.rl.algorithms.adam import norm_and_clip_factor
from fxai.rl.algorithms.dqn_loss import STATISTICS, bootstrap, dqn_loss_gradient
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.networks.mlp import Mlp
from sb3_dqn import ACTIONS, GAMMA, INPUTS, drawn_by, flat, peer

WIDTH, COUNT = 7, 32
POLICY = QNetwork(Mlp((INPUTS,), (WIDTH, WIDTH), ACTIONS))


@pytest.mark.parametrize("max_grad_norm", [100.0, 0.05])
def test_a_gradient_step_is_that_of_stable_baselines3(max_grad_norm: float, monkeypatch: pytest.MonkeyPatch):
    model = peer((WIDTH, WIDTH), COUNT, max_grad_norm)
    online, target = flat(model.q_net), flat(model.q_net_target)
    drawn = drawn_by(model, monkeypatch)
    model.train(gradient_steps=1, batch_size=COUNT)
    step = flat(model.q_net) - online

    (batch,) = drawn
    assert 0 < batch.dones.sum() < COUNT
    future = bootstrap(POLICY, online, target, batch.next_observations[None], double=False)
    wanted = batch.rewards.mT + GAMMA * (1 - batch.dones.mT) * future
    with torch.no_grad():
        values, vjp = POLICY.vjp(online, batch.observations[None])
        loss = dqn_loss_gradient(values, batch.actions.mT, wanted)
        gradient = vjp(loss.values)
        _, clip_factor = norm_and_clip_factor(gradient, torch.tensor([max_grad_norm]))
    torch.testing.assert_close(-gradient * clip_factor, step, rtol=1e-4, atol=1e-6)
    assert loss.statistics[0, STATISTICS.index("q_loss")].item() == pytest.approx(
        model.logger.name_to_value["train/loss"], rel=1e-5
    )


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("critics", [1, 2])
def test_gradient_is_autograds(critics: int):
    values = (2 * normal(2, critics, ACTIONS, COUNT, seed=0)).requires_grad_()
    action = torch.randint(ACTIONS, (2, COUNT), generator=torch.Generator().manual_seed(1))
    target = normal(2, COUNT, seed=2)
    with torch.no_grad():
        closed = dqn_loss_gradient(values, action, target)
    losses = torch.stack(
        [
            functional.smooth_l1_loss(values[lane, critic, action[lane], torch.arange(COUNT)], target[lane])
            for lane in range(2)
            for critic in range(critics)
        ]
    )
    (expected,) = torch.autograd.grad(losses.sum(), values)
    torch.testing.assert_close(closed.values, expected)
    torch.testing.assert_close(closed.statistics[:, 0], losses.detach().view(2, critics).mean(1))


def test_statistics_are_means_over_the_minibatch():
    values = torch.tensor([[[[1.0, 2.0], [9.0, 9.0]], [[3.0, 2.5], [9.0, 9.0]]]])  # [1, critic, action, sample]
    closed = dqn_loss_gradient(values, torch.zeros(1, 2, dtype=torch.int64), torch.tensor([[1.0, 2.0]]))
    found = dict(zip(STATISTICS, closed.statistics[0].tolist(), strict=True))
    assert found == pytest.approx({"q_loss": (1.5 + 0.125) / 4, "q_value": 8.5 / 4, "td_error": 2.5 / 4})


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("critics", [1, 2])
def test_targets_as_defined(critics: int, *, double: bool):
    policy = QNetwork(Mlp((INPUTS,), (WIDTH,), ACTIONS), critics=critics)
    online, target = normal(2, 2, policy.size, seed=0)
    seen = normal(2, COUNT, INPUTS, seed=1)
    found = bootstrap(policy, online, target, seen, double=double)
    theirs, ours = policy.values(target, seen).tolist(), policy.values(online, seen).tolist()
    for lane in range(2):
        for sample in range(COUNT):
            least = [min(theirs[lane][c][a][sample] for c in range(critics)) for a in range(ACTIONS)]
            mean = [sum(ours[lane][c][a][sample] for c in range(critics)) for a in range(ACTIONS)]
            expected = least[mean.index(max(mean))] if double else max(least)
            assert found[lane, sample].item() == pytest.approx(expected)
