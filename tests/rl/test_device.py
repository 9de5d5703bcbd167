"""Updates and scores on a device other than the CPU: nothing there touches a tensor of the host or asks for a value.

No device is needed for that. Tensors on torch's `meta` device have shapes and no numbers, and fake ones
claim to be on a GPU; both refuse to tell a value, and each operation is looked at for tensors of another
device. What the numbers on a real device are cannot be seen so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fxai.market.rules.compiled import Array
from fxai.market.splits.splits import Span
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.scoring import Scorer
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors, on_device
from fxai.rl.lanes.active_lanes import active_lanes
from fxai.rl.lanes.pack import Pack
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.rl.training import tensor_program
from fxai.rl.training.lane_pack import Lane, LanePack
from fxai.rl.training.training import Training
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.env_config import EnvConfig, RewardConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import learner_of, training_in
from rl.agents.test_ensemble import config as ensemble_config
from rl.agents.test_ensemble import ensemble
from rl.agents.test_ensemble import market as ensemble_market
from tensors_of_bars import tensors_of_bars

META, CUDA = torch.device("meta"), torch.device("cuda:0")
BARS, TRAIN, VALIDATION = 200, Span(0, 120), Span(120, 200)
BASE = EnvConfig(observation_window=2, max_episode_steps=30)
MLP = ModelConfig(d_model=8, n_layers=1)
PPO = PpoConfig(total_updates=4, eval_frequency=2, n_envs=3, rollout_steps=5, batch_size=4, n_epochs=2)
DQN = DqnConfig(
    total_updates=4, n_envs=3, rollout_steps=5, buffer_size=60, batch_size=4, gradient_steps=2, learning_starts=0
)
RICH_ENV = EnvConfig(
    observation_window=2,
    max_episode_steps=7,
    swap_long_rate=1e-4,
    reward=RewardConfig(pnl_coefficient=2.0, profit_giveback_penalty_coefficient=1.0, clean_trade_coefficient=1.0),
    allow_short=False,
)


def two(first: TrainingConfig, **training: object) -> tuple[TrainingConfig, TrainingConfig]:
    """Lanes that differ, the second with all that a lane may ask for beyond the first."""
    second = first.model_copy(
        update={
            "env": RICH_ENV,
            "model": first.model.model_copy(update={"dropout": 0.1}),
            "training": first.training.model_copy(update=training),
        }
    )
    return first, second


def config(training: PpoConfig | DqnConfig, model: ModelConfig = MLP) -> TrainingConfig:
    return TrainingConfig(env=BASE, model=model, training=training)


PACKS = {
    "ppo": (config(PPO), config(PPO)),
    "ppo, every option": two(
        config(PPO), n_epochs=1, target_kl=0.01, value_clip_epsilon=0.2, normalize_advantage=False
    ),
    "dqn": (config(DQN), config(DQN)),
    "dqn, every option": two(
        config(DQN.model_copy(update={"double": True, "dueling": True, "twin": True, "n_step": 3})),
        gradient_steps=1,
        learning_starts=40,
        target_interval=2,
        target_tau=0.5,
    ),
}
TRANSFORMER = ModelConfig(type="transformer", d_model=8, n_layers=1, n_heads=2, d_ff=8)


class OnlyOn(TorchDispatchMode):
    """Refuses operations that read or make a tensor anywhere but on one device."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        _types: Sequence[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, result)):
            if isinstance(leaf, torch.Tensor) and leaf.device != self._device:
                raise AssertionError(f"{func} met a tensor on {leaf.device}")
        return result


def market(device: torch.device) -> MarketTensors:
    generator = np.random.default_rng(0)
    close = np.exp(np.cumsum(generator.normal(0, 1e-3, BARS)))
    return tensors_of_bars(
        open=np.concatenate([[1.0], close[:-1]]),
        close=close,
        nights=np.arange(BARS) % 5 == 0,
        features=generator.normal(size=(BARS, 3)),
        spread=np.full(BARS, 1e-4),
        device=device,
    )


def training(members: Pack, device: torch.device) -> Training:
    envs = [config.env for config in members.configs]
    env = MarketEnv(market(device), TRAIN, envs, torch.tensor(members.seeds), members.configs[0].training.n_envs)
    return training_in(env, members, device=device)


def zeros_of(tensor: torch.Tensor) -> Array:
    """In place of `array_of`, because a tensor on the meta device has no numbers."""
    array: Array = torch.zeros(tensor.shape, dtype=tensor.dtype).numpy()
    return array


def pack(configs: Sequence[TrainingConfig]) -> Pack:
    return Pack(tuple(configs), tuple(range(len(configs))))


def update_alone(training: Training, device: torch.device) -> None:
    """Two updates of the learner, nothing of which may touch the host."""
    learner = learner_of(training)
    for done in range(2):
        clock = torch.full((2,), done, device=device)
        rate = torch.full((2,), 1e-3, device=device)
        with OnlyOn(device):
            statistics = learner.update(clock, rate)
        assert statistics.device == device
    assert {tensor.device for tensor in learner.state().values()} == {device}


def test_a_score_comes_to_the_host_once():
    envs = [BASE, RICH_ENV]
    learner = learner_of(training(pack(PACKS["ppo"]), META))
    scorer = Scorer(market(META), ScoredSpan(VALIDATION, 6000.0, BASE, envs))
    env = scorer._env(range(2))
    with OnlyOn(META):
        steps = scorer._run_by_torch(learner.policy, learner.weights, env, range(2))
    assert steps.device == META


def test_ensembles_and_committees_are_scored_on_a_device():
    one, other, bars = ensemble(ensemble_config()), ensemble(ensemble_config(), seed=2), ensemble_market()
    alone = [next(iter(each.members.values())) for each in (one, other)]
    for agent in (one, Committee.of([one, other]), Committee.of(alone)):
        own = [agent.config.env]
        scorer = Scorer(on_device(bars, META), ScoredSpan(bars.splits.test, bars.bars_per_year, agent.base_env, own))
        steps = scorer._run_by_torch(agent.policy, torch.from_numpy(agent.weights).to(META), scorer._env([0]), [0])
        assert steps.device == META


def test_units_increments_gaps_and_books_stay_on_the_device():
    trading: dict[str, Any] = {"sizing": "units", "actions": "increment", "fill": "walk_the_book", "stop_loss": 0.01}
    envs = [EnvConfig(observation_window=2, step_gap=gap, max_position=2, **trading) for gap in (1, 3)]
    on_meta = replace(market(META), book=torch.empty(BARS, 2, 4, 2, device=META))
    env = MarketEnv(on_meta, TRAIN, envs, torch.arange(2), 3)
    env.draw_ahead(1)
    action = torch.ones(2, 3, dtype=torch.int64, device=META)
    with OnlyOn(META):
        step = env.step(action)
    assert step.observation.device == META


@contextmanager
def fake_cuda() -> Iterator[None]:
    with FakeTensorMode():
        yield


@pytest.mark.parametrize("kind", PACKS)
def test_an_update_stays_on_a_gpu(kind: str, monkeypatch: pytest.MonkeyPatch):
    for policy in (ActorCritic, QNetwork):  # initial weights are computed on the host, by numbers that are real
        monkeypatch.setattr(policy, "initial", lambda self, seeds: torch.zeros(len(seeds), self.size))
    with fake_cuda():
        update_alone(training(pack(PACKS[kind]), CUDA), CUDA)


@pytest.mark.parametrize("kind", PACKS)
@pytest.mark.parametrize("model", [MLP, TRANSFORMER], ids=["mlp", "transformer"])
def test_an_update_needs_no_value(kind: str, model: ModelConfig):
    """Here with autograd too, which fake tensors on a GPU lack where there is none."""
    configs = [
        each.model_copy(update={"model": model.model_copy(update={"dropout": each.model.dropout})})
        for each in PACKS[kind]
    ]
    update_alone(training(pack(configs), META), META)


def test_reading_a_value_on_the_host_is_detected():
    with fake_cuda(), pytest.raises(DataDependentOutputException):
        bool(torch.ones(1, device=CUDA).any())
    with pytest.raises(RuntimeError, match="meta"):
        bool(torch.ones(1, device=META).any())
    with pytest.raises(NotImplementedError, match="meta"):
        torch.ones(1, device=META).cpu()
    with OnlyOn(META), pytest.raises(AssertionError, match="met a tensor on cpu"):
        torch.tensor([1.0]).to(META)


@pytest.mark.parametrize("kind", PACKS)
def test_lanes_start_and_end_on_a_device(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tensor_program, "array_of", zeros_of)
    packed = LanePack(lambda members: training(members, META), width=4)
    lanes = [Lane(config, seed) for seed, config in enumerate(PACKS[kind])]
    for chosen in (lanes[:1], lanes, lanes[1:]):
        packed.set_lanes(chosen)
        packed.update()
        state = learner_of(packed._running).state()
        assert {len(tensor) for tensor in state.values()} == {4}
        assert {tensor.device for tensor in state.values()} == {META}


@pytest.mark.parametrize("rounds", [(3, 1), (1, 3)])
def test_on_a_device_each_round_is_of_all_lanes(rounds: tuple[int, int]):
    assert active_lanes(rounds, META) == (2, 2, 2)
