"""Agents of every algorithm and network, trained for real if briefly: acting, tracking, exporting."""

import math
import re
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import fxai
from fxai.errors import DataError, FxaiError, InputError
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.reading import read_bar_frame
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.rules.rules import Action
from fxai.market.scores.scored_steps import SCORES
from fxai.objectives.train_agent import TrainedAgent, train_agent
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.export import Decisions, export_policy
from fxai.rl.agents.torch_decisions import visited_observations
from fxai.rl.agents.trajectory import track_record_of
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.environment.observation import AccountView
from fxai.rl.lanes.policy import Policy
from fxai.rl.scores.scoring_env import scoring_env_of
from fxai.spec.fields.training_config import TrainingConfig

KINDS = list(product(("ppo", "a2c", "dqn"), ("mlp", "gru", "transformer")))
STEPS = 50  # of an episode
BASE = {"max_episode_steps": STEPS, "observation_window": 4, "spread": 0.0002}


def config(algorithm: str, model: str, **env: Any) -> TrainingConfig:
    quick = {"total_updates": 2, "n_envs": 4, "rollout_steps": 16}
    sizes = {} if algorithm == "a2c" else {"batch_size": 32}
    more = {"dqn": {"learning_starts": 0}, "ppo": {"n_epochs": 1}}.get(algorithm, {})
    return TrainingConfig.model_validate(
        {
            "env": {**BASE, **env},
            "model": {"type": model, "d_model": 8, "n_layers": 1, "n_heads": 2},
            "training": {"algorithm": algorithm, **quick, **sizes, **more},
        }
    )


@cache
def market() -> Market:
    return prepare_bars(synthetic_market(seed=1, bars=1200), TrainingConfig().data)


@cache
def trained(algorithm: str, model: str) -> TrainedAgent:
    whole = config(algorithm, model)
    return train_agent(whole, whole.env, seed=7, market=market())


def frame() -> pd.DataFrame:
    bars = synthetic_market(seed=1, bars=1200)
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(bars.time, name="time"))


@pytest.mark.parametrize(("algorithm", "model"), KINDS)
def test_it_acts_as_it_was_scored(algorithm: str, model: str) -> None:
    """The agent, called bar by bar in another environment, gets the score of its training."""
    agent, last = trained(algorithm, model).agent, trained(algorithm, model).evaluations[-1]
    data = market()
    record = track_record_of(agent, data, data.splits.validation, "validation")
    scores = {name: record.metrics[name] for name in SCORES}
    assert scores == pytest.approx({name: last.metrics[0][name] for name in SCORES}, abs=1e-6)
    assert record.metrics.keys() == {*SCORES, *(f"{name}_error" for name in SCORES)}
    env = MarketEnv(
        on_device(data, torch.device("cpu")),
        data.splits.validation,
        [agent.base_env],
        torch.zeros(1, dtype=torch.int64),
        1,
        starts=torch.tensor([[data.splits.validation.start]]),
        close_at_end=True,
    )
    seen = env.reset()
    for place in range(STEPS):
        action = agent.act(seen[0, 0].numpy())
        assert isinstance(action, Action)
        step = env.step(torch.tensor([[int(action)]]))
        assert int(step.position) == record.position[place]
        assert float(step.equity) == pytest.approx(record.equity[place], abs=1e-6)
        seen = step.observation


@pytest.mark.parametrize(("algorithm", "model"), [("ppo", "mlp"), ("a2c", "gru"), ("dqn", "transformer")])
def test_its_file_is_all_that_it_needs(tmp_path: Path, algorithm: str, model: str) -> None:
    agent = trained(algorithm, model).agent
    agent.save(tmp_path / "agent.safetensors")
    loaded = fxai.load_agent(str(tmp_path / "agent.safetensors"))
    assert loaded.scoring_env == agent.config.env
    assert replace(loaded, weights=agent.weights) == agent
    seen = np.random.default_rng(0).normal(size=(5, *agent.observation_shape))
    assert np.array_equal(loaded.preferences(seen), agent.preferences(seen))


def test_live_observations_equal_those_of_training() -> None:
    """With the least number of bars and any account."""
    agent, data = trained("ppo", "mlp").agent, market()
    last = 700
    live = agent.observation(frame().iloc[last + 1 - agent.bars_needed : last + 1])
    env = MarketEnv(
        on_device(data, torch.device("cpu")),
        data.splits.train,
        [agent.config.env],
        torch.zeros(1, dtype=torch.int64),
        1,
        starts=torch.tensor([[last]]),
    )
    assert np.array_equal(live, env.reset()[0, 0].numpy())
    step = [env.step(torch.tensor([[Action.LONG]])) for _ in range(3)][-1]
    account = env.state()
    view = AccountView(
        position=1,
        gain=float(account["account.gain"]) / agent.config.env.position_size,
        held=3,
        drawdown=float(account["account.drawdown"]),
    )
    later = agent.observation(frame().iloc[: last + 4], view)
    np.testing.assert_allclose(later, step.observation[0, 0].numpy(), rtol=1e-6, atol=1e-7)


def test_too_few_bars_are_too_few() -> None:
    agent = trained("ppo", "mlp").agent
    with pytest.raises(DataError, match=f"needs the last {agent.bars_needed}"):
        agent.observation(frame().iloc[: agent.bars_needed - 1])


def test_other_columns_are_refused() -> None:
    with pytest.raises(DataError, match="no column for close"):
        trained("ppo", "mlp").agent.observation(frame().drop(columns="close"))


def test_bars_of_a_frame_are_those_of_a_file() -> None:
    bars, planted = read_bar_frame(frame(), TrainingConfig().data).bars, synthetic_market(seed=1, bars=1200)
    assert np.array_equal(bars.time, planted.time)
    assert np.array_equal(bars.close, planted.close)


@pytest.mark.parametrize("observation", [np.zeros((4, 3)), np.zeros(5), np.full((4, 18), np.nan)])
def test_what_is_no_observation_is_refused(observation: np.ndarray) -> None:
    with pytest.raises(InputError, match="an observation of this agent has 4 bars by"):
        trained("ppo", "mlp").agent.act(observation)


def test_by_chance_it_acts_as_often_as_its_policy_says() -> None:
    agent = trained("ppo", "mlp").agent
    seen = np.random.default_rng(1).normal(size=agent.observation_shape)
    odds = torch.softmax(torch.from_numpy(agent.preferences(seen[None]))[0], 0).tolist()
    chance = np.random.default_rng(2)
    drawn = [agent.act(seen, chance) for _ in range(600)]
    for action in Action:
        assert drawn.count(action) / 600 == pytest.approx(odds[action], abs=4 * math.sqrt(0.25 / 600))


def test_values_are_no_chances() -> None:
    agent = trained("dqn", "mlp").agent
    with pytest.raises(InputError, match="no probabilities"):
        agent.act(np.zeros(agent.observation_shape), np.random.default_rng(0))


SIZES = (-1.0, -0.4, 0.0, 0.1, 0.7, 1.0)


@cache
def sized(algorithm: str = "ppo") -> Agent:
    """Scored in an environment without positions, as a trial of a search is."""
    whole = config(algorithm, "mlp", positions=SIZES)
    return train_agent(whole, config(algorithm, "mlp").env, seed=7, market=market()).agent


@pytest.mark.parametrize("algorithm", ["ppo", "a2c", "dqn"])
def test_an_agent_with_sizes_trades_them_when_it_is_scored(tmp_path: Path, algorithm: str) -> None:
    sized(algorithm).save(tmp_path / "sized.safetensors")
    agent = fxai.load_agent(tmp_path / "sized.safetensors")
    assert agent.positions == SIZES
    env = scoring_env_of(agent.base_env, agent.config.env)
    assert (env.positions, agent.base_env.positions) == (SIZES, None)
    chosen = agent.act(np.zeros(agent.observation_shape))
    assert not isinstance(chosen, Action)
    record = track_record_of(agent, market(), market().splits.validation, "validation")
    assert set(record.position) <= set(SIZES)
    assert len(record.trades) == record.metrics["trades"]
    assert math.prod(1 + trade.profit for trade in record.trades) == pytest.approx(record.equity[-1], abs=1e-5)


@pytest.mark.parametrize("action", range(len(SIZES)))
def test_an_exported_agent_with_sizes_tells_its_position(tmp_path: Path, action: int) -> None:
    agent = always(sized(), action)
    nothing = np.zeros(agent.observation_shape, np.float32)
    assert agent.positions[agent.act(nothing)] == SIZES[action]
    agent.export(tmp_path / "sized.pt2", nothing[None])
    told = torch.export.load(tmp_path / "sized.pt2").module()(torch.from_numpy(nothing[None]))
    assert (told[1].item(), told[2].item()) == (action, pytest.approx(SIZES[action]))


def test_an_agent_with_sizes_in_onnx_tells_its_position(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs ONNX: `poetry install --extras onnx`")
    pytest.importorskip("onnxscript", reason="needs ONNX: `poetry install --extras onnx`")
    agent = always(sized(), 1)
    nothing = np.zeros(agent.observation_shape, np.float32)
    agent.export(tmp_path / "sized.onnx", nothing[None])
    session = runtime.InferenceSession(tmp_path / "sized.onnx")
    (position,) = session.run(["position"], {"observation": nothing[None]})
    assert position.tolist() == [pytest.approx(-0.4)]


def test_sizes_below_0_are_flat_if_the_agent_may_not_be_short(tmp_path: Path) -> None:
    shy = replace(sized(), config=config("ppo", "mlp", positions=SIZES, allow_short=False))
    nothing = np.zeros(shy.observation_shape, np.float32)
    flat = SIZES.index(0.0)
    assert always(shy, 1).act(nothing) == flat
    always(shy, 1).export(tmp_path / "shy.pt2", nothing[None])
    told = torch.export.load(tmp_path / "shy.pt2").module()(torch.from_numpy(nothing[None]))
    assert (told[1].item(), told[2].item()) == (flat, 0)
    assert not track_record_of(always(shy, 0), market(), market().splits.test, "test").position.any()


def test_an_account_has_one_of_the_agents_positions() -> None:
    bars = frame()
    assert sized().observation(bars, AccountView(position=0.7))[-1, -4] == np.float32(0.7)
    with pytest.raises(InputError, match=r"one of the agent's positions \(-1, -0.4, 0, 0.1, 0.7, 1\), not 0.5"):
        sized().observation(bars, AccountView(position=0.5))
    with pytest.raises(InputError, match=r"one of the agent's positions \(-1, 0, 1\), not 0.5"):
        trained("ppo", "mlp").agent.observation(bars, AccountView(position=0.5))
    with pytest.raises(InputError, match="from -1"):
        AccountView(position=2)


def always(agent: Agent, action: int) -> Agent:
    """The agent with weights that prefer one action for every observation; for the mlp of an actor-critic."""
    assert isinstance(agent.policy, ActorCritic)
    weights = torch.zeros(agent.weights.shape)
    layout = agent.policy.network.layout
    layout.views(weights[:, : layout.size])["1.bias"][:, action] = 1.0
    return replace(agent, weights=weights.numpy())


def test_an_agent_that_may_not_be_short_is_not(tmp_path: Path) -> None:
    whole = config("ppo", "mlp", allow_short=False)
    shy = always(replace(trained("ppo", "mlp").agent, config=whole), Action.SHORT)
    nothing = np.zeros(shy.observation_shape, np.float32)
    assert shy.act(nothing) is Action.FLAT
    record = track_record_of(shy, market(), market().splits.test, "test")
    assert not record.trades
    shy.export(tmp_path / "shy.pt2", nothing[None])
    _, action = torch.export.load(tmp_path / "shy.pt2").module()(torch.from_numpy(nothing[None]))
    assert action.tolist() == [Action.FLAT]


def test_its_trades_make_its_equity() -> None:
    """Each is priced by the fills; one after the other they come to the equity at the end."""
    agent = trained("a2c", "gru").agent
    record = track_record_of(agent, market(), market().splits.validation, "validation")
    env = agent.base_env
    assert len(record.trades) == record.metrics["trades"] > 0
    assert math.prod(1 + trade.profit for trade in record.trades) == pytest.approx(record.equity[-1], abs=1e-5)
    for trade in record.trades:
        growth = trade.exit_price / trade.entry_price
        gain = growth - 1 if trade.side == "long" else 1 - growth
        assert trade.profit == pytest.approx(gain - env.commission_rate * (1 + growth), abs=2e-6)
    assert record.drawdown.max() == pytest.approx(record.metrics["max_drawdown"], abs=1e-9)
    assert set(record.baselines) == {"buy_and_hold", "sell_and_hold", "flat"}
    assert all(len(curve) == len(record) for curve in record.baselines.values())


@pytest.mark.parametrize("model", ["mlp", "gru", "transformer"])
def test_an_exported_agent_acts_the_same(tmp_path: Path, model: str) -> None:
    agent = trained("dqn" if model == "gru" else "ppo", model).agent
    data = market()
    env = scoring_env_of(agent.base_env, agent.config.env)
    seen = visited_observations(agent.policy, agent.weights, data, data.splits.validation, env)[:40]
    agent.export(tmp_path / "agent.pt2", seen)
    act = torch.export.load(tmp_path / "agent.pt2").module()
    assert [act(torch.from_numpy(each[None]))[1].item() for each in seen[:20]] == [
        agent.act(each) for each in seen[:20]
    ]


def test_an_agent_in_onnx_acts_the_same(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs ONNX: `poetry install --extras onnx`")
    pytest.importorskip("onnxscript", reason="needs ONNX: `poetry install --extras onnx`")
    agent = trained("ppo", "mlp").agent
    seen = np.random.default_rng(0).normal(size=(20, *agent.observation_shape)).astype(np.float32)
    agent.export(tmp_path / "agent.onnx", seen)
    session = runtime.InferenceSession(tmp_path / "agent.onnx")
    assert [session.run(["action"], {"observation": each[None]})[0].item() for each in seen] == [
        agent.act(each) for each in seen
    ]


class _Forgetful:
    """A policy that the exporter writes as something else: it counts on how often it was called."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self._calls = policy, 0
        self.size = policy.size

    def preferences(self, weights: torch.Tensor, observation: torch.Tensor) -> torch.Tensor:
        self._calls += 1
        return self._policy.preferences(weights, observation) * (1 if self._calls % 2 else -1)


def test_a_model_that_acts_otherwise_is_not_left(tmp_path: Path) -> None:
    agent = trained("ppo", "mlp").agent
    seen = np.random.default_rng(0).normal(size=(20, *agent.observation_shape)).astype(np.float32)
    with pytest.raises(FxaiError, match="differs from the agent"):
        export_policy(_Forgetful(agent.policy), agent.weights, seen, tmp_path / "agent.pt2", Decisions())
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    agent = trained("ppo", "mlp").agent
    with pytest.raises(InputError, match=r"use FILE.pt2 \(torch.export\) or FILE.onnx"):
        agent.export(tmp_path / "agent.pkl", np.zeros((1, *agent.observation_shape)))


def test_the_readmes_program_trades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (program,) = [each for each in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "load_agent" in each]
    (path,) = re.findall(r'load_agent\("(.*?)"\)', program)
    monkeypatch.chdir(tmp_path)
    trained("ppo", "mlp").agent.save(tmp_path / path)
    frame().to_csv("latest_bars.csv")
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102
    assert isinstance(names["action"], Action)
