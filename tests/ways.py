"""The two ways a formula is taken: by compiled loops, which a CPU takes, and by torch's operations, as a GPU does."""

import pytest

from fxai.rl import adam, draws, market_env, mlp, ppo_loss


def take_torchs_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (adam, draws, market_env, mlp, ppo_loss):
        monkeypatch.setattr(module, "by_loops", lambda _tensor: False)


@pytest.fixture(params=["loops", "torch"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "torch":
        take_torchs_operations(monkeypatch)
