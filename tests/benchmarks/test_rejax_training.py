"""rejax's PPO trains on the market of the peer in JAX, with the budget of the peer and each lane's own values."""

from functools import partial

import numpy as np
import pytest

from fxai.market.markets.dataset import Market, prepare
from fxai.spec.fields.env_config import EnvConfig, RewardConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig

jax = pytest.importorskip("jax", reason="needs JAX: `poetry install --with peers`")
jax.config.update("jax_platforms", "cpu")
pytest.importorskip("rejax", reason="needs rejax: `poetry install --with peers`")

import jax_market  # noqa: E402
from jax_market import Coefficients, JaxMarket  # noqa: E402
from jax_training import Lane, Shape  # noqa: E402
from rejax_training import GymnaxMarket, RejaxTraining  # noqa: E402

ENVS, LONGEST, STEPS = 4, 20, 50
CONFIG = TrainingConfig(
    env=EnvConfig(
        observation_window=1,
        max_episode_steps=LONGEST,
        reward=RewardConfig(holding_penalty_coefficient=0.3, max_holding_time_steps=2),
    ),
    model=ModelConfig(d_model=16, n_layers=2),
    training=PpoConfig(total_updates=3, eval_frequency=1, n_envs=ENVS, rollout_steps=16, batch_size=32, n_epochs=2),
)


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(CONFIG.data)


def test_steps_equal_those_of_the_peer_and_episodes_begin_again(market: Market) -> None:
    bars, coefficients = JaxMarket.of(market, CONFIG.env), Coefficients.of(CONFIG.env.reward)
    env = GymnaxMarket(bars, Shape.of(CONFIG, market), coefficients)
    keys = jax.random.split(jax.random.key(0), ENVS)
    _, account = jax.vmap(env.reset)(keys)
    step = jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None)))
    expected_step = jax.jit(partial(jax_market.step, bars, coefficients))
    span = market.splits.train
    for number, action in enumerate(np.random.default_rng(0).integers(3, size=(STEPS, ENVS)), start=1):
        expected, found = expected_step(account, action)
        keys = jax.random.split(keys[0], ENVS)
        observation, account, reward, done, _ = step(keys, account, action, coefficients)
        np.testing.assert_allclose(reward, found.reward, atol=1e-5)
        np.testing.assert_array_equal(done, number % LONGEST == 0)
        if done.all():
            assert (account.equity == 1).all()
            assert (account.end - account.bar == LONGEST).all()
            assert len(set(account.bar.tolist())) > 1
            assert ((account.bar >= span.start) & (account.end < span.stop)).all()
        else:
            np.testing.assert_allclose(account.equity, expected.equity, atol=1e-6)
        np.testing.assert_allclose(observation, jax_market.observe(bars, account), atol=1e-5)


def test_trainings_have_the_budget_of_the_peer_and_each_lane_its_own_values(market: Market) -> None:
    training = RejaxTraining.of(CONFIG, CONFIG, market, updates=3)
    lane = Lane.of(CONFIG)
    lanes = [lane._replace(learning_rate=0.0), lane, lane._replace(learning_rate=1e-3), lane, lane]
    lanes[3] = lane._replace(pnl_coefficient=10.0)
    keys = jax.random.split(jax.random.key(1), 2)[np.array([0, 0, 0, 0, 1])]
    trained, scores = training.advance(Lane.stacked(lanes), training.begin(keys))
    assert trained.env_steps.tolist() == [3 * ENVS * 16] * 5
    assert trained.gradient_steps.tolist() == [3 * 2 * 2] * 5
    assert np.isfinite(scores).all()
    for network in (trained.actor, trained.critic):
        weights, *_ = (np.asarray(part).reshape(5, -1) for part in jax.tree.leaves(network) if part.ndim == 3)
        moved = np.abs(weights - weights[0]).max(axis=1)
        assert moved[2] > 2 * moved[1] > 0
        assert (weights[3] != weights[1]).any()
        assert moved[4] > 10 * moved[2]
