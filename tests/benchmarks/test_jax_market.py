"""The market in JAX, which benchmarks train on, follows the rules of FxAI's environments step by step."""

import numpy as np
import pytest
import torch

from fxai.market.markets.dataset import Market, prepare
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import on_device
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig, RewardConfig

jax = pytest.importorskip("jax", reason="needs JAX: `poetry install --with peers`")
jax.config.update("jax_platforms", "cpu")

import jax_market  # noqa: E402
from jax_market import Coefficients, JaxMarket  # noqa: E402

STEPS, ENVS, LONGEST = 300, 6, 25


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(DataConfig())


@pytest.mark.parametrize(
    ("window", "limit", "close_at_end"),
    [(1, 0.5, False), (3, 0.004, False), (1, 0.004, True)],
    ids=["one bar", "windows and terminations", "closed at the end"],
)
def test_steps_equal_those_of_fxai(market: Market, window: int, limit: float, *, close_at_end: bool) -> None:
    reward = RewardConfig(holding_penalty_coefficient=0.3, drawdown_penalty_coefficient=4.0, max_holding_time_steps=2)
    config = EnvConfig(observation_window=window, drawdown_limit=limit, max_episode_steps=LONGEST, reward=reward)
    span = market.splits.train
    starts = torch.arange(span.start + 40, span.start + 40 + 11 * ENVS, 11).view(1, ENVS)
    ours = MarketEnv(
        on_device(market, torch.device("cpu")),
        span,
        [config],
        torch.tensor([1]),
        ENVS,
        starts=starts,
        close_at_end=close_at_end,
    )
    bars, coefficients = JaxMarket.of(market, config), Coefficients.of(config.reward)
    first = jax.numpy.asarray(starts[0].numpy(), "int32")
    account = jax_market.fresh(first, first + config.max_episode_steps)

    def theirs(account: jax_market.Account, action: np.ndarray) -> tuple[jax_market.Account, tuple[object, ...]]:
        after, found = jax_market.step(bars, coefficients, account, action, close_at_end=close_at_end)
        final = jax_market.observe(bars, after)
        again = jax_market.restart_where(after, found.terminated | found.truncated, first, first + LONGEST)
        return again, (after.position, after.equity, final, jax_market.observe(bars, again), *found)

    step = jax.jit(theirs)
    np.testing.assert_allclose(jax_market.observe(bars, account), ours.reset()[0].flatten(1), atol=1e-6)
    terminated = truncated = 0
    for action in np.random.default_rng(0).integers(3, size=(STEPS, ENVS)):
        mine = ours.step(torch.from_numpy(action)[None])
        account, (position, equity, final, seen, paid, *ends) = step(account, action)
        np.testing.assert_allclose(paid, mine.reward[0], atol=2e-4)  # the return of a step in percent, in float32
        np.testing.assert_array_equal(position, mine.position[0])
        np.testing.assert_allclose(equity, mine.equity[0], atol=3e-6)
        np.testing.assert_allclose(final, mine.final_observation[0].flatten(1), atol=1e-3)
        np.testing.assert_allclose(seen, mine.observation[0].flatten(1), atol=1e-3)
        np.testing.assert_array_equal(ends, [mine.terminated[0], mine.truncated[0]])
        terminated += int(mine.terminated.sum())
        truncated += int(mine.truncated.sum())
    assert (terminated > 0) == (limit < 0.1)
    assert truncated


@pytest.mark.parametrize(
    "config",
    [
        EnvConfig(stop_loss=0.01),
        EnvConfig(swap_long_rate=0.001),
        EnvConfig(positions=(-1, 0, 0.5, 1)),
        EnvConfig(reward=RewardConfig(action_penalty_coefficient=0.1)),
    ],
    ids=["stops", "swap", "sizes", "terms"],
)
def test_rules_that_are_not_implemented_are_refused(market: Market, config: EnvConfig) -> None:
    with pytest.raises(ValueError, match="not implemented in JAX"):
        JaxMarket.of(market, config)
