import numpy as np
import pytest
import torch
from gymnasium.spaces import Discrete
from gymnasium.utils.env_checker import check_env
from stable_baselines3 import PPO

from fxai.market.splits.splits import Span
from fxai.rl.environment.gymnasium_env import GymnasiumEnv
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig
from tensors_of_bars import tensors_of_bars

BARS = 300
CONFIG = EnvConfig(max_episode_steps=20, observation_window=4, spread=0, slippage_rate=0, commission_rate=0)


@pytest.fixture(scope="module")
def market() -> MarketTensors:
    """Returns that the only feature gives away one bar ahead."""
    moves = np.random.default_rng(0).choice([-0.01, 0.01], BARS)
    close = np.exp(np.cumsum(moves))
    known = np.append(np.sign(moves[1:]), 0.0)
    opens = np.concatenate([[1.0], close[:-1]])
    return tensors_of_bars(open=opens, close=close, nights=np.zeros(BARS), features=known[:, None])


@pytest.fixture
def env(market: MarketTensors) -> GymnasiumEnv:
    return GymnasiumEnv(market, Span(0, BARS), CONFIG)


@pytest.mark.filterwarnings("ignore:.*Box observation space m.*infinity.*:UserWarning")
def test_it_is_a_gymnasium_environment(env: GymnasiumEnv) -> None:
    check_env(env, skip_render_check=True)


def test_a_seed_fixes_the_episodes(env: GymnasiumEnv) -> None:
    def episodes(seed: int) -> list[np.ndarray]:
        return [env.reset(seed=seed)[0], *(env.reset()[0] for _ in range(5))]

    for one, two in zip(episodes(3), episodes(3), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(episodes(3), episodes(4), strict=True))


def test_an_episode_is_that_of_the_batched_environment(env: GymnasiumEnv, market: MarketTensors) -> None:
    observation, _ = env.reset(seed=11)
    starts = [bar for bar in range(BARS) if np.array_equal(market.features[bar - 3 : bar + 1], observation[:, :1])]
    actions = np.random.default_rng(1).integers(0, 3, 20)
    steps = [env.step(action) for action in actions]
    same = MarketEnv(market, Span(0, BARS), [CONFIG], torch.tensor([0]), len(starts), starts=torch.tensor([starts]))
    batched = [same.step(torch.full((1, len(starts)), action)) for action in actions]
    rewards = torch.stack([step.reward[0] for step in batched], dim=-1)
    assert [reward for _, reward, _, _, _ in steps] in rewards.tolist()
    assert [ends for _, _, _, ends, _ in steps] == [False] * 19 + [True]
    assert steps[-1][4]["equity"] in batched[-1].equity[0].tolist()
    assert steps[-1][0][-1, 1] == actions[-1] - 1


def test_its_actions_are_the_positions_of_the_configuration(market: MarketTensors) -> None:
    sized = GymnasiumEnv(market, Span(0, BARS), CONFIG.model_copy(update={"positions": (-0.3, 0, 0.1, 1)}))
    assert sized.action_space == Discrete(4)
    sized.reset(seed=1)
    seen = [sized.step(np.int64(action)) for action in range(4)]
    assert [info["position"] for *_, info in seen] == [-0.3, 0, 0.1, 1]
    assert [observation[-1, 1] for observation, *_ in seen] == pytest.approx([-0.3, 0, 0.1, 1])


def test_stable_baselines_learns_on_it(env: GymnasiumEnv) -> None:
    agent = PPO("MlpPolicy", env, seed=0, device="cpu", n_steps=128, batch_size=32, learning_rate=1e-2, gamma=0.0)
    agent.learn(512)
    observation, _ = env.reset(seed=5)
    total, ended = 0.0, False
    while not ended:
        action, _ = agent.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = env.step(np.int64(action.item()))
        total, ended = total + reward, terminated or truncated
    assert total > 15  # of about 20: every bar moves by one percent, and its direction is shown


def test_after_a_stop_loss_the_position_is_flat(market: MarketTensors) -> None:
    env = GymnasiumEnv(market, Span(0, BARS), CONFIG.model_copy(update={"stop_loss": 0.005}))
    observation, _ = env.reset(seed=1)
    known = observation[-1, 0]
    observation, _, _, _, info = env.step(np.int64(0 if known > 0 else 2))  # against the known move of 1 %
    assert (info["position"], observation[-1, 1]) == (0, 0)
    assert info["equity"] == pytest.approx(0.995, abs=1e-6)
