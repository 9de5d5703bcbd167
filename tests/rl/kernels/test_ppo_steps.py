"""The compiled gradient steps of PPO compared with the steps by torch's operations, on the same samples."""

from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor

from fxai.rl.algorithms.build import build_learner
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv
from ways import use_torch_operations

SMALL = PpoConfig(n_envs=5, rollout_steps=7, batch_size=11, n_epochs=3)  # the last minibatch has two samples
LANES: Sequence[Mapping[str, float]] = (
    {"n_epochs": 4, "max_grad_norm": 0.05, "entropy_coef": 0.1},
    {"value_clip_epsilon": 0.05, "clip_epsilon": 0.05, "normalize_advantage": False},
    {"target_kl": 1e-4, "value_coef": 1.0},
)
DEPTHS: Sequence[tuple[int, ...]] = [(9,), (7, 33), (6, 19, 4)]


def learner(widths: tuple[int, ...], lanes: Sequence[Mapping[str, float]], *, dropout: bool = False) -> Ppo:
    configs = tuple(
        TrainingConfig(
            model=ModelConfig(widths=widths, dropout=rate),
            training=PpoConfig.model_validate({**SMALL.model_dump(), **lane}),
        )
        for lane, rate in zip(lanes, (0.3 * dropout, 0, 0.1 * dropout), strict=True)
    )
    seeds = tuple(range(len(lanes)))
    env = ProbeEnv(lambda sign, time, action: sign * action - time, seeds, envs=5, length=4, actions=3, rows=2)
    built = build_learner(Pack(configs, seeds), env, torch.device("cpu"))
    assert isinstance(built, Ppo)
    built.weights.add_(torch.randn(built.weights.shape, generator=torch.Generator().manual_seed(0)), alpha=0.3)
    return built


def updated(made: Ppo, updates: int) -> dict[str, Tensor]:
    """The state after these updates, and the statistics of each."""
    lanes = len(made.weights)
    statistics = [made.update(torch.full((lanes,), update), torch.full((lanes,), 3e-3)) for update in range(updates)]
    return {**made.state(), "statistics": torch.stack(statistics)}


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("widths", DEPTHS, ids=str)
def test_updates_are_those_of_torch(widths: tuple[int, ...], *, dropout: bool, monkeypatch: pytest.MonkeyPatch):
    compiled = updated(learner(widths, LANES, dropout=dropout), 3)
    use_torch_operations(monkeypatch)
    by_torch = updated(learner(widths, LANES, dropout=dropout), 3)
    assert compiled["adam.powers"].equal(by_torch["adam.powers"])
    assert compiled["adam.powers"][2, 0] > compiled["adam.powers"][0, 0]  # fewer steps: the divergence ends its updates
    torch.testing.assert_close(compiled, by_torch, rtol=1e-3, atol=1e-4)


def test_nan_reaches_the_weights():
    """A lane that has failed is seen to fail, and only that lane; a target of the divergence does not hide it."""
    made = learner((6,), LANES)
    made.weights[2, -1] = torch.nan  # a bias of the critic that is not used
    made.weights[2, 0] = torch.nan
    after = updated(made, 1)
    assert after["weights"][2, 1:5].isnan().any()
    assert after["weights"][:2].isfinite().all()
