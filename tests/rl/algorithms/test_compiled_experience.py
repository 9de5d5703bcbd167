"""The compiled loop that collects samples, compared with roll-outs by torch's operations in the same environments."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from fxai.market.markets.dataset import Market, prepare
from fxai.rl.agents.build_training import build_training
from fxai.rl.algorithms.a2c import A2c
from fxai.rl.algorithms.compiled_experience import CompiledExperience
from fxai.rl.algorithms.experience import Experience
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.algorithms.samples import Samples
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import learner_of

CPU = torch.device("cpu")
SEEDS = (3, 14, 159)
ENVS, STEPS, ROLLOUTS = 37, 9, 4  # more environments than a block of the market's step, and no whole vectors
LANES: Sequence[dict[str, float | bool]] = (
    {"gamma": 0.9, "gae_lambda": 0.8},
    {"normalize_advantage": False},
    {"gamma": 0.99, "gae_lambda": 1.0},
)


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(lane_config(LANES[0], "ppo").data)


def lane_config(fields: dict[str, float | bool], algorithm: str, dropout: float = 0.0) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "data": {"source": "planted_1h", "split": {"embargo_bars": 24}},
            # Episodes end after five steps, or by a drawdown in fewer.
            "env": {"observation_window": 2, "max_episode_steps": 5, "drawdown_limit": 0.004, "positions": [-1, 0, 1]},
            "model": {"widths": [19, 7], "dropout": dropout},
            "training": {"algorithm": algorithm, "n_envs": ENVS, "rollout_steps": STEPS, **fields},
        }
    )


def experience_of(market: Market, algorithm: str, lanes: Sequence[int], *, dropout: bool = False) -> Experience:
    rates = (0.3, 0.0, 0.1) if dropout else (0.0, 0.0, 0.0)
    configs = tuple(lane_config(LANES[lane], algorithm, rates[lane]) for lane in lanes)
    pack = Pack(configs, tuple(SEEDS[lane] for lane in lanes))
    learner = learner_of(build_training(pack, configs[0].env, market, CPU))
    assert isinstance(learner, Ppo | A2c)
    return learner._experience


def weights_of(experience: Experience) -> Tensor:
    """Weights of a policy with a preference, [lane, 2 * size]."""
    size = experience._policy.size
    return 0.3 * torch.randn(1, size, generator=torch.Generator().manual_seed(0)).repeat(len(SEEDS), 1)


def gathered(experience: Experience, lanes: Sequence[int]) -> list[Samples]:
    weights = weights_of(experience)[list(lanes)]
    return [experience.gather(weights, torch.full((len(lanes),), update)) for update in range(ROLLOUTS)]


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("algorithm", ["ppo", "a2c"])
def test_samples_are_those_of_torch(
    market: Market, algorithm: str, *, dropout: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = experience_of(market, algorithm, range(3), dropout=dropout)
    monkeypatch.setattr(CompiledExperience, "of", lambda _policy, _env: None)
    by_torch = experience_of(market, algorithm, range(3), dropout=dropout)
    for ours, theirs in zip(gathered(compiled, range(3)), gathered(by_torch, range(3)), strict=True):
        assert ours.action.equal(theirs.action)
        assert len(ours.action.unique()) == 3
        for one, other in zip(ours.columns(), theirs.columns(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(compiled.state(), by_torch.state(), rtol=0, atol=0)  # the market's rules are exact


def test_episodes_end_in_both_ways(market: Market) -> None:
    """The parity above includes steps that terminate an episode, and steps that truncate one."""
    experience = experience_of(market, "ppo", range(3))
    assert experience._compiled is not None
    gathered(experience, range(3))
    _, environments = experience._compiled.backend.arrays()
    ended = environments.last_bars - environments.bars
    assert ended.min() >= 0
    drawdowns = environments.accounts["drawdown"]
    assert 0.001 < drawdowns.max() < 0.004  # limits are near, and no account goes on beyond them
    assert len(set(ended.ravel().tolist())) > 1  # episodes began at different steps, so some ended early


def test_a_lane_is_the_same_alone(market: Market) -> None:
    together = gathered(experience_of(market, "ppo", range(3), dropout=True), range(3))
    for lane in range(3):
        alone = gathered(experience_of(market, "ppo", [lane], dropout=True), [lane])
        for one, other in zip(alone, together, strict=True):
            for ours, theirs in zip(one.columns(), other.columns(), strict=True):
                assert ours[0].equal(theirs[lane])


def test_a_restored_state_goes_on_with_the_same_samples(market: Market) -> None:
    first, second = (experience_of(market, "a2c", range(3)) for _ in range(2))
    gathered(first, range(3))
    second.restore({name: tensor.clone() for name, tensor in first.state().items()})
    weights, clock = weights_of(first), torch.full((3,), ROLLOUTS)
    for ours, theirs in zip(
        first.gather(weights, clock).columns(), second.gather(weights, clock).columns(), strict=True
    ):
        assert ours.equal(theirs)
