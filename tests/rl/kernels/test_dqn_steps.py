"""The compiled gradient steps of DQN compared with the steps by torch's operations, on the same draws."""

from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor

from fxai.rl.algorithms import dqn
from fxai.rl.algorithms.build import build_learner
from fxai.rl.algorithms.dqn import Dqn
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv

SMALL = DqnConfig(
    n_envs=5, rollout_steps=3, buffer_size=45, batch_size=11, learning_starts=10, gradient_steps=3, target_tau=0.2
)
LANES: tuple[Mapping[str, float], ...] = (
    {"gradient_steps": 4, "gamma": 0.8, "max_grad_norm": 0.05},
    {"target_interval": 2, "target_tau": 1.0},
    {"gradient_steps": 1, "learning_starts": 40, "gamma": 0.5},  # learns from the third update on
)
SWITCHES: Mapping[str, Mapping[str, bool | int]] = {
    "dqn": {},
    "double dqn": {"double": True},
    "dueling dqn": {"dueling": True},
    "d3qn": {"double": True, "dueling": True},
    "twin": {"twin": True, "n_step": 2},
    "twin d3qn": {"double": True, "dueling": True, "twin": True, "n_step": 3},
}
DEPTHS: Sequence[tuple[int, ...]] = [(9,), (7, 5), (6, 9, 4)]


def learner(
    switches: Mapping[str, bool | int],
    widths: tuple[int, ...],
    lanes: Sequence[Mapping[str, float]],
    *,
    dropout: bool = False,
    seeds: tuple[int, ...] = (0, 1, 2),
) -> Dqn:
    configs = tuple(
        TrainingConfig(
            model=ModelConfig(widths=widths, dropout=rate),
            training=DqnConfig.model_validate({**SMALL.model_dump(), **switches, **lane}),
        )
        for lane, rate in zip(lanes, (0.3 * dropout, 0, 0.1 * dropout), strict=True)
    )
    env = ProbeEnv(
        lambda sign, time, action: sign * action - time, seeds, envs=5, length=4, truncates=True, actions=3, rows=2
    )
    built = build_learner(Pack(configs, seeds), env, torch.device("cpu"))
    assert isinstance(built, Dqn)
    generator = torch.Generator().manual_seed(0)
    for weights in (built.weights, built.state()["target"]):
        weights.add_(torch.randn(weights.shape, generator=generator), alpha=0.3)  # values that differ between actions
    return built


def updated(made: Dqn, updates: int) -> dict[str, Tensor]:
    """The state after these updates, and the statistics of each."""
    lanes = len(made.weights)
    statistics = [made.update(torch.full((lanes,), update), torch.full((lanes,), 3e-3)) for update in range(updates)]
    return {**made.state(), "statistics": torch.stack(statistics)}


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("widths", DEPTHS, ids=str)
@pytest.mark.parametrize("variant", SWITCHES)
def test_updates_are_those_of_torch(
    variant: str, widths: tuple[int, ...], *, dropout: bool, monkeypatch: pytest.MonkeyPatch
):
    compiled = updated(learner(SWITCHES[variant], widths, LANES, dropout=dropout), 4)
    monkeypatch.setattr(dqn, "runs_on_kernels", lambda _tensor: False)
    by_torch = updated(learner(SWITCHES[variant], widths, LANES, dropout=dropout), 4)
    assert compiled["adam.powers"].equal(by_torch["adam.powers"])
    torch.testing.assert_close(compiled, by_torch, rtol=2e-4, atol=2e-5, equal_nan=True)


def test_equal_lanes_are_equal_to_the_bit_at_each_position():
    made = learner(SWITCHES["twin d3qn"], (15, 3), [LANES[0]] * 3, seeds=(7, 7, 7))
    made.restore({name: tensor[:1].expand_as(tensor) for name, tensor in made.state().items()})
    after = updated(made, 3)
    assert all(after[name].equal(after[name][:1].expand_as(after[name])) for name in ("weights", "target"))


@pytest.mark.parametrize(
    ("variant", "failed"),
    [("dqn", slice(-1, None)), ("double dqn", slice(None)), ("twin d3qn", slice(None))],  # the bias of one action; all
)
def test_nan_reaches_the_weights(variant: str, failed: slice):
    """A lane whose target network has failed is seen to fail, and only that lane."""
    made = learner(SWITCHES[variant], (6,), [LANES[0]] * 3)
    made.state()["target"][0, failed] = torch.nan
    after = updated(made, 1)
    assert after["weights"][0].isnan().any()
    assert after["weights"][1:].isfinite().all()


def test_other_networks_take_their_steps_by_torch():
    config = TrainingConfig(model=ModelConfig(type="gru", d_model=8, n_layers=1), training=SMALL)
    built = build_learner(Pack((config,), (0,)), ProbeEnv(lambda sign, *_: sign, envs=5, rows=2), torch.device("cpu"))
    assert isinstance(built, Dqn)
    assert updated(built, 2)["weights"].isfinite().all()
