"""The loss and its gradient against Stable-Baselines3's own gradient step; targets against their definitions."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch.nn import functional

from fxai.rl.algorithms.adam import norm_and_clip_factor
from fxai.rl.algorithms.dqn_loss import STATISTICS, bootstrap, dqn_loss_gradient
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.networks.mlp import Mlp

INPUTS, ACTIONS, WIDTH, GAMMA, COUNT = 3, 4, 7, 0.9, 32
POLICY = QNetwork(Mlp((INPUTS,), (WIDTH, WIDTH), ACTIONS))


class Spaces(gymnasium.Env[np.ndarray, np.int64]):
    """What Stable-Baselines3 asks of an environment that is never stepped."""

    observation_space = gymnasium.spaces.Box(-1, 1, (INPUTS,))
    action_space = gymnasium.spaces.Discrete(ACTIONS)


def peer(max_grad_norm: float) -> DQN:
    """With plain gradient descent at rate 1 a step is minus the gradient. Some ends are time-outs."""
    model = DQN(
        "MlpPolicy",
        Spaces(),
        learning_rate=1.0,
        batch_size=COUNT,
        buffer_size=200,
        gamma=GAMMA,
        max_grad_norm=max_grad_norm,
        policy_kwargs={"net_arch": [WIDTH] * 2, "activation_fn": torch.nn.Tanh, "optimizer_class": torch.optim.SGD},
        seed=0,
        device="cpu",
    )
    model.set_logger(Logger(None, []))
    with torch.no_grad():
        for parameter in model.q_net_target.parameters():
            parameter.mul_(2.0)
    random = np.random.default_rng(0)
    for i in range(200):
        before, after = random.uniform(-1, 1, (2, 1, INPUTS))
        infos = [{"TimeLimit.truncated": i % 10 == 9}]
        action, reward = random.integers(ACTIONS, size=1), random.normal(size=1) * 2
        model.replay_buffer.add(before, after, action, reward, np.array([i % 5 == 4]), infos)
    return model


def flat(network: torch.nn.Module) -> torch.Tensor:
    """Its weights as ours, [1, size]: the hidden layers' transposed."""
    *hidden, weight, bias = [parameter.detach() for parameter in network.parameters()]
    parts = [part.mT if part.dim() == 2 else part for part in hidden]
    return torch.cat([part.flatten() for part in (*parts, weight, bias)])[None]


def drawn_by(model: DQN, monkeypatch: pytest.MonkeyPatch) -> list[ReplayBufferSamples]:
    """What its next steps will have learnt from."""
    drawn: list[ReplayBufferSamples] = []
    sample = model.replay_buffer.sample

    def watched(*args: Any, **kwargs: Any) -> ReplayBufferSamples:
        drawn.append(sample(*args, **kwargs))
        return drawn[-1]

    monkeypatch.setattr(model.replay_buffer, "sample", watched)
    return drawn


@pytest.mark.parametrize("max_grad_norm", [100.0, 0.05])
def test_a_gradient_step_is_that_of_stable_baselines3(max_grad_norm: float, monkeypatch: pytest.MonkeyPatch):
    model = peer(max_grad_norm)
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
