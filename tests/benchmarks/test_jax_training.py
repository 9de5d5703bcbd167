"""PPO in JAX, which benchmarks compare with FxAI's, computes the same advantages, gradient steps and scores."""

from functools import partial

import numpy as np
import pytest
import torch

from fxai.market.markets.dataset import Market, prepare
from fxai.rl.agents.scoring import Scorer
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.adam import LaneAdam, norm_and_clip_factor
from fxai.rl.algorithms.advantages import advantages
from fxai.rl.algorithms.ppo_loss import PpoLossWeights, ppo_loss_gradient
from fxai.rl.algorithms.samples import Samples
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.networks.mlp import Mlp
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig

jax = pytest.importorskip("jax", reason="needs JAX: `poetry install --with peers`")
jax.config.update("jax_platforms", "cpu")

from jax.flatten_util import ravel_pytree  # noqa: E402

import jax_training  # noqa: E402
from jax_market import Coefficients, JaxMarket, JaxStep  # noqa: E402

INPUTS, BATCH = 19, 32
CONFIG = TrainingConfig(
    env=EnvConfig(observation_window=1, max_episode_steps=64),
    model=ModelConfig(d_model=16, n_layers=2),
    training=PpoConfig(total_updates=2, eval_frequency=1, n_envs=4, rollout_steps=16, batch_size=32, n_epochs=2),
)


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(CONFIG.data)


def test_a_gradient_step_equals_that_of_fxai() -> None:
    policy = ActorCritic(Mlp((INPUTS,), (16, 16), 3))
    weights = policy.initial(torch.tensor([7]))
    nets = _joined(policy, weights)
    flat, unravel = ravel_pytree(nets)
    lane = jax_training.Lane.of(CONFIG)
    loss = PpoLossWeights.of(
        clip_epsilon=torch.tensor([lane.clip_epsilon]),
        value_clip_epsilon=None,
        entropy_coef=torch.tensor([lane.entropy_coef]),
        value_coef=torch.tensor([lane.value_coef]),
    )
    adam, theirs = LaneAdam.of(weights), jax_training.fresh_adam(flat)
    for seed in range(3):
        batch = _samples(seed)
        logits, value, vjp = policy.vjp(weights, batch.observation)
        found = ppo_loss_gradient(logits, value, batch, loss, with_statistics=False)
        gradient = vjp(found.logits, found.value)
        _, factor = norm_and_clip_factor(gradient, torch.tensor([lane.max_grad_norm]))
        (factors,) = adam.step_factors(torch.tensor([lane.learning_rate]), None, 1)
        adam.step(weights, gradient, factor, factors)
        columns = batch.observation, batch.action, batch.log_prob, batch.advantage, batch.target
        flat, theirs = jax_training.gradient_step(
            unravel, flat, theirs, jax_training.Samples(*(jax.numpy.asarray(c[0].numpy()) for c in columns)), lane
        )
        expected, _ = ravel_pytree(_joined(policy, weights))
        np.testing.assert_allclose(flat, expected, atol=2e-6)
    assert np.abs(flat - ravel_pytree(nets)[0]).max() > 3e-4  # the steps have moved the weights


def test_advantages_equal_those_of_fxai() -> None:
    shape, rng = (20, 5), np.random.default_rng(0)
    reward, value, next_value = rng.normal(size=(3, *shape)).astype(np.float32)
    terminated, truncated = rng.random((2, *shape)) < 0.1
    lane = jax_training.Lane.of(CONFIG)._replace(gamma=0.9, gae_lambda=0.8)
    step = JaxStep(reward, terminated, truncated & ~terminated)
    (expected,) = advantages(
        **{name: torch.from_numpy(column)[None] for name, column in zip(step._fields, step, strict=True)},
        value=torch.from_numpy(value)[None],
        next_value=torch.from_numpy(next_value)[None],
        gamma=torch.tensor([0.9]),
        gae_lambda=torch.tensor([0.8]),
    )
    np.testing.assert_allclose(jax_training.advantages(step, value, next_value, lane), expected, atol=1e-5)


def test_a_score_equals_that_of_fxai(market: Market) -> None:
    policy = ActorCritic(Mlp((INPUTS,), (16, 16), 3))
    weights = policy.initial(torch.tensor([3]))
    scorer = Scorer(
        on_device(market, torch.device("cpu")),
        ScoredSpan(market.splits.validation, market.bars_per_year, CONFIG.env, [CONFIG.env]),
    )
    (score,) = scorer(policy, weights)
    found = jax_training.mean_reward(
        JaxMarket.of(market, CONFIG.env),
        market.splits.validation,
        CONFIG.env.max_episode_steps,
        Coefficients.of(CONFIG.env.reward),
        partial(jax_training.alone, _joined(policy, weights), 0),
    )
    assert score.metrics["turnover"] > 0
    assert float(found) == pytest.approx(score.metrics["mean_reward"], abs=1e-5)


def test_each_lane_trains_with_its_own_values(market: Market) -> None:
    training = jax_training.JaxTraining.of(CONFIG, CONFIG, market, updates=2)
    lane = jax_training.Lane.of(CONFIG)
    lanes = jax_training.Lane.stacked([lane, lane._replace(learning_rate=1e-3), lane])
    keys = jax.random.split(jax.random.key(1), 2)[np.array([0, 0, 1])]
    before = np.asarray(training.begin(keys).weights)
    learner, scores = training.advance(lanes, training.begin(keys))
    moved = np.abs(np.asarray(learner.weights) - before).max(axis=1)
    assert moved[1] > 2 * moved[0] > 0
    assert np.isfinite(scores).all()
    assert (before[0] == before[1]).all()
    assert (before[0] != before[2]).any()


def _samples(seed: int) -> Samples:
    generator = torch.Generator().manual_seed(seed)
    normal = [torch.randn(1, BATCH, generator=generator) for _ in range(3)]
    return Samples(
        observation=torch.randn(1, BATCH, INPUTS, generator=generator),
        action=torch.randint(3, (1, BATCH), generator=generator),
        log_prob=torch.full((1, BATCH), 1 / 3).log() + 0.2 * normal[0],
        value=torch.zeros(1, BATCH),
        advantage=normal[1],
        target=3 * normal[2],
        number=torch.arange(BATCH).view(1, BATCH),
    )


def _joined(policy: ActorCritic, weights: torch.Tensor) -> jax_training.Nets:
    """FxAI's weights of one lane in the form of the JAX training."""
    nets = []
    for half in weights.view(2, -1):
        parts = {name: part[0].numpy().copy() for name, part in policy.network.layout.views(half[None]).items()}
        layers = [(parts[f"{i}.weight"], parts[f"{i}.bias"][0]) for i in range(2)]
        nets.append([*layers, (parts["2.weight"].T, parts["2.bias"][:, 0])])
    return jax_training.joined(*nets)
