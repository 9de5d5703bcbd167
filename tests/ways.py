"""The two ways a formula is taken: by compiled loops, which a CPU takes, and by torch's operations, as a GPU does."""

import pytest

from fxai.rl.algorithms import adam, ppo_loss
from fxai.rl.environment import market_env
from fxai.rl.lanes import counter_rng
from fxai.rl.networks import mlp


def take_torchs_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (adam, counter_rng, market_env, mlp, ppo_loss):
        monkeypatch.setattr(module, "runs_on_kernels", lambda _tensor: False)


@pytest.fixture(params=["loops", "torch"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "torch":
        take_torchs_operations(monkeypatch)
