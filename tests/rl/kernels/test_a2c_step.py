"""The compiled gradient step of A2C compared with the step by torch's operations, on the same samples."""

from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor

from fxai.rl.algorithms.a2c import A2c
from fxai.rl.algorithms.build import build_learner
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv
from ways import use_torch_operations

LANES: Sequence[Mapping[str, float]] = (
    {"max_grad_norm": 0.05, "entropy_coef": 0.1},
    {"normalize_advantage": False, "value_coef": 1.0},
    {"gamma": 0.9},
)
UPDATES = 3


def learner(widths: tuple[int, ...], envs: int, *, dropout: bool = False) -> A2c:
    configs = tuple(
        TrainingConfig(
            model=ModelConfig(widths=widths, dropout=rate),
            training=A2cConfig.model_validate({"n_envs": envs, "rollout_steps": 7, **lane}),
        )
        for lane, rate in zip(LANES, (0.3 * dropout, 0, 0.1 * dropout), strict=True)
    )
    seeds = tuple(range(len(LANES)))
    env = ProbeEnv(lambda sign, time, action: sign * action - time, seeds, envs=envs, length=4, actions=3, rows=2)
    built = build_learner(Pack(configs, seeds), env, torch.device("cpu"))
    assert isinstance(built, A2c)
    built.weights.add_(torch.randn(built.weights.shape, generator=torch.Generator().manual_seed(0)), alpha=0.3)
    return built


def updated(made: A2c) -> dict[str, Tensor]:
    """The state after some updates, and the statistics of each."""
    lanes, rate = len(made.weights), torch.full((len(made.weights),), 3e-3)
    statistics = [made.update(torch.full((lanes,), update), rate) for update in range(UPDATES)]
    return {**made.state(), "statistics": torch.stack(statistics)}


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize(("widths", "envs"), [((9,), 5), ((7, 33), 19), ((6, 19, 4), 64)], ids=str)
def test_updates_are_those_of_torch(
    widths: tuple[int, ...], envs: int, *, dropout: bool, monkeypatch: pytest.MonkeyPatch
):
    compiled = updated(learner(widths, envs, dropout=dropout))
    use_torch_operations(monkeypatch)
    by_torch = updated(learner(widths, envs, dropout=dropout))
    assert compiled["adam.powers"].equal(by_torch["adam.powers"])
    torch.testing.assert_close(compiled, by_torch, rtol=1e-3, atol=1e-4)


def test_nan_reaches_the_weights_of_its_lane_only():
    made = learner((6,), 5)
    made.weights[2, 0] = torch.nan
    after = updated(made)
    assert after["weights"][2, 1:5].isnan().any()
    assert after["weights"][:2].isfinite().all()
