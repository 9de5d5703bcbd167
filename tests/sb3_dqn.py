"""Stable-Baselines3's DQN with a filled replay buffer, whose gradient step tests compare with."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.type_aliases import ReplayBufferSamples

INPUTS, ACTIONS, GAMMA = 3, 4, 0.9
_TRANSITIONS = 200


class Spaces(gymnasium.Env[np.ndarray, np.int64]):
    """What Stable-Baselines3 asks of an environment that is never stepped."""

    observation_space = gymnasium.spaces.Box(-1, 1, (INPUTS,))
    action_space = gymnasium.spaces.Discrete(ACTIONS)


def peer(hidden: tuple[int, ...], batch_size: int, max_grad_norm: float) -> DQN:
    """With plain gradient descent at rate 1 a step is minus the gradient. Some ends are time-outs."""
    model = DQN(
        "MlpPolicy",
        Spaces(),
        learning_rate=1.0,
        batch_size=batch_size,
        buffer_size=_TRANSITIONS,
        gamma=GAMMA,
        max_grad_norm=max_grad_norm,
        policy_kwargs={"net_arch": [*hidden], "activation_fn": torch.nn.Tanh, "optimizer_class": torch.optim.SGD},
        seed=0,
        device="cpu",
    )
    model.set_logger(Logger(None, []))
    with torch.no_grad():
        for parameter in model.q_net_target.parameters():
            parameter.mul_(2.0)
    assert model.replay_buffer is not None
    random = np.random.default_rng(0)
    for i in range(_TRANSITIONS):
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
    assert model.replay_buffer is not None
    drawn: list[ReplayBufferSamples] = []
    sample = model.replay_buffer.sample

    def watched(*args: Any, **kwargs: Any) -> ReplayBufferSamples:
        drawn.append(sample(*args, **kwargs))
        return drawn[-1]

    monkeypatch.setattr(model.replay_buffer, "sample", watched)
    return drawn
