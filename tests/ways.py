"""The two implementations of a formula: compiled kernels, used on a CPU, and torch's operations, used on a GPU."""

import pytest

from fxai.rl.agents import scoring
from fxai.rl.algorithms import a2c, adam, dqn, epsilon_greedy, ppo, ppo_loss
from fxai.rl.environment import market_env
from fxai.rl.lanes import counter_rng
from fxai.rl.networks import mlp


def use_torch_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (a2c, adam, counter_rng, dqn, epsilon_greedy, market_env, mlp, ppo, ppo_loss, scoring):
        monkeypatch.setattr(module, "runs_on_kernels", lambda _tensor: False)


@pytest.fixture(params=["loops", "torch"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "torch":
        use_torch_operations(monkeypatch)
