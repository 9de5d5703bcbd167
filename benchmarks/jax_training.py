"""PPO in JAX in the style of PureJaxRL (Lu et al. 2022, arXiv 2210.05639): a whole training is one compiled function.

Roll-out, advantages, epochs and minibatches are `lax.scan` under one `jit`, and lanes of other hyperparameters are one
`vmap`. The algorithm is that of `rl/algorithms/ppo.py`: a truncated episode continues with the value of its last
observation, advantages are normalized by roll-out, Adam and the limit of the gradient's norm have the same constants.
`tests/benchmarks/test_jax_training.py` compares a gradient step and the advantages with FxAI's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from fxai.market.markets.dataset import Market
from fxai.market.splits.splits import Span
from fxai.rl.scores.scored_episodes import ScoredEpisodes
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from jax_market import (
    SEARCHED_TERMS,
    Account,
    Coefficients,
    JaxMarket,
    JaxStep,
    fresh,
    observe,
    restart_where,
    step,
)

ACTIONS = 3
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-5  # of Adam, as `rl/algorithms/adam.py`

Net = Sequence[tuple[jax.Array, jax.Array]]
"""Weights [in, out] and biases [out] of each layer of one network."""

Nets = tuple[tuple[jax.Array, jax.Array], ...]
"""Actor and critic together: weights [in, 2 * out] of the first layer, then [2, in, out]; biases likewise."""


class Lane(NamedTuple):
    """The hyperparameters that may differ between lanes; numbers, or arrays [lane] outside of `vmap`."""

    learning_rate: Any
    gamma: Any
    gae_lambda: Any
    clip_epsilon: Any
    entropy_coef: Any
    value_coef: Any
    max_grad_norm: Any
    pnl_coefficient: Any
    holding_penalty_coefficient: Any
    drawdown_penalty_coefficient: Any

    @classmethod
    def of(cls, config: TrainingConfig) -> Self:
        rewarded = {name: getattr(config.env.reward, name) for name in SEARCHED_TERMS}
        return cls(**{name: getattr(config.training, name) for name in cls._fields if name not in rewarded}, **rewarded)

    @classmethod
    def stacked(cls, lanes: list["Lane"]) -> "Lane":
        return cls(*(np.array(column, np.float32) for column in zip(*lanes, strict=True)))


@dataclass(frozen=True, slots=True)
class Shape:
    """What is constant in a compiled training."""

    envs: int
    rollout_steps: int
    batch: int
    epochs: int
    layers: tuple[int, ...]
    episode_steps: int
    span: Span  # bars of the training
    window: int
    unroll: int = 1  # gradient steps that XLA compiles as one body of the loop

    @classmethod
    def of(cls, config: TrainingConfig, market: Market) -> Self:
        """Raises `ValueError` for a configuration that is not implemented here."""
        ppo, model = config.training, config.model
        if not isinstance(ppo, PpoConfig) or model.type != "mlp" or model.dropout:
            raise ValueError("only PPO with an MLP without dropout is implemented in JAX")
        if ppo.value_clip_epsilon is not None or ppo.target_kl is not None or ppo.lr_schedule != "constant":
            raise ValueError("value clipping, target_kl and schedules are not implemented in JAX")
        if not ppo.normalize_advantage or ppo.rollout_size % ppo.batch_size:
            raise ValueError("advantages are normalized, and minibatches are whole")
        return cls(
            envs=ppo.n_envs,
            rollout_steps=ppo.steps_per_rollout,
            batch=ppo.batch_size,
            epochs=ppo.n_epochs,
            layers=tuple(model.widths or [model.d_model] * model.n_layers),
            episode_steps=config.env.max_episode_steps,
            span=market.splits.train,
            window=config.env.observation_window,
        )

    @property
    def samples(self) -> int:
        """Of one roll-out."""
        return self.envs * self.rollout_steps


class Adam(NamedTuple):
    """Moments [size], and the powers of both betas."""

    mean: jax.Array
    square: jax.Array
    power_1: jax.Array
    power_2: jax.Array


class Learner(NamedTuple):
    """The state of a training between two updates."""

    weights: jax.Array  # [size], the Nets; Adam's step is then one loop instead of one for each array
    adam: Adam
    account: Account
    observation: jax.Array
    key: jax.Array


class Rollout(NamedTuple):
    """Steps, each [time, env, ...]."""

    observation: jax.Array
    final_observation: jax.Array
    action: jax.Array
    log_prob: jax.Array
    step: JaxStep


class Samples(NamedTuple):
    """Samples in any order, each [sample, ...]."""

    observation: jax.Array
    action: jax.Array
    log_prob: jax.Array
    advantage: jax.Array
    target: jax.Array


def joined(actor: Net, critic: Net) -> Nets:
    """Two networks of equal shapes as one."""
    pairs = list(zip(actor, critic, strict=True))
    (first_actor, first_critic), *others = pairs
    first = tuple(jnp.concatenate(part, axis=-1) for part in zip(first_actor, first_critic, strict=True))
    stacked = [tuple(jnp.stack(part) for part in zip(*pair, strict=True)) for pair in others]
    return ((first[0], first[1]), *((weight, bias[:, None]) for weight, bias in stacked))


def forward(nets: Nets, observation: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Logits [sample, action] and values [sample] of observations [sample, column]."""
    (weight, bias), *others = nets
    hidden = jnp.tanh(observation @ weight + bias).reshape(len(observation), 2, -1).swapaxes(0, 1)
    for weight, bias in others[:-1]:
        hidden = jnp.tanh(hidden @ weight + bias)
    weight, bias = others[-1]
    actor, critic = hidden @ weight + bias
    return actor, critic[:, 0]


def alone(nets: Nets, which: int, observation: jax.Array) -> jax.Array:
    """Outputs [..., output] of the actor (0) or the critic (1)."""
    (weight, bias), *others = nets
    width = len(bias) // 2
    own = slice(which * width, (which + 1) * width)
    hidden = jnp.tanh(observation @ weight[:, own] + bias[own])
    for weight, bias in others[:-1]:
        hidden = jnp.tanh(hidden @ weight[which] + bias[which])
    weight, bias = others[-1]
    return hidden @ weight[which] + bias[which]


def loss(nets: Nets, samples: Samples, lane: Lane) -> jax.Array:
    """PPO's clipped loss, as `rl/algorithms/ppo_loss.py`."""
    logits, value = forward(nets, samples.observation)
    log_probs = jax.nn.log_softmax(logits)
    chosen = jnp.sum(jnp.where(samples.action[:, None] == jnp.arange(ACTIONS), log_probs, 0.0), axis=-1)
    ratio = jnp.exp(chosen - samples.log_prob)
    clipped = jnp.clip(ratio, 1.0 - lane.clip_epsilon, 1.0 + lane.clip_epsilon)
    gain = jnp.minimum(ratio * samples.advantage, clipped * samples.advantage)
    entropy = -jnp.sum(jnp.exp(log_probs) * log_probs, axis=-1)
    error = jnp.square(value - samples.target)
    return jnp.mean(lane.value_coef * error - gain - lane.entropy_coef * entropy)


def gradient_step(
    unravel: Callable[[jax.Array], Nets], weights: jax.Array, adam: Adam, samples: Samples, lane: Lane
) -> tuple[jax.Array, Adam]:
    """One step of Adam with the limited gradient of a minibatch."""
    gradient, _ = ravel_pytree(jax.grad(loss)(unravel(weights), samples, lane))
    norm = jnp.sqrt(jnp.vdot(gradient, gradient))
    limited = gradient * jnp.minimum(lane.max_grad_norm / (norm + 1e-6), 1.0)
    power_1, power_2 = adam.power_1 * _BETA_1, adam.power_2 * _BETA_2
    root = jnp.sqrt(1.0 - power_2)
    mean = adam.mean + (1.0 - _BETA_1) * (limited - adam.mean)
    square = adam.square + (1.0 - _BETA_2) * (jnp.square(limited) - adam.square)
    size = lane.learning_rate * root / (1.0 - power_1)
    return weights - size * mean / (jnp.sqrt(square) + _EPSILON * root), Adam(mean, square, power_1, power_2)


def fresh_adam(weights: jax.Array) -> Adam:
    zero, one = jnp.zeros_like(weights), jnp.ones((), jnp.float32)
    return Adam(zero, zero, one, one)


def advantages(rollout: JaxStep, value: jax.Array, next_value: jax.Array, lane: Lane) -> jax.Array:
    """Generalized advantage estimates [time, env], as `rl/algorithms/advantages.py`."""
    delta = rollout.reward + lane.gamma * next_value * ~rollout.terminated - value
    decay = lane.gamma * lane.gae_lambda * ~(rollout.terminated | rollout.truncated)

    def back(later: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        estimate = now[0] + now[1] * later
        return estimate, estimate

    return jax.lax.scan(back, jnp.zeros_like(delta[0]), (delta, decay), reverse=True, unroll=16)[1]


def begin(market: JaxMarket, shape: Shape, key: jax.Array) -> Learner:
    """A training before its first update."""
    key, nets_key, episode_key = jax.random.split(key, 3)
    weights, _ = ravel_pytree(initial(market, shape, nets_key))
    account = fresh(*random_episodes(shape, episode_key, (shape.envs,)))
    return Learner(weights, fresh_adam(weights), account, observe(market, account), key)


def initial(market: JaxMarket, shape: Shape, key: jax.Array) -> Nets:
    """Orthogonal weights and zero biases, as `rl/networks/mlp.py`."""
    widths = (market.inputs, *shape.layers, ACTIONS)

    def net(key: jax.Array, head_gain: float) -> Net:
        gains = [float(np.sqrt(2))] * len(shape.layers) + [head_gain]
        sizes = zip(jax.random.split(key, len(gains)), gains, widths[:-1], widths[1:], strict=True)
        return [(jax.nn.initializers.orthogonal(gain)(key, (a, b)), jnp.zeros(b)) for key, gain, a, b in sizes]

    actor, critic = jax.random.split(key)
    return joined(net(actor, 0.01), net(critic, 1.0))


def unraveler(market: JaxMarket, shape: Shape) -> Callable[[jax.Array], Nets]:
    """The function from weights [size] to Nets."""
    shapes = jax.eval_shape(lambda: initial(market, shape, jax.random.key(0)))
    unravel: Callable[[jax.Array], Nets] = ravel_pytree(jax.tree.map(lambda a: np.zeros(a.shape, a.dtype), shapes))[1]
    return unravel


def update(market: JaxMarket, shape: Shape, reward: Coefficients, lane: Lane, learner: Learner) -> Learner:
    """One roll-out and the epochs on it."""
    key, rollout_key, order_key = jax.random.split(learner.key, 3)
    unravel = unraveler(market, shape)
    nets = unravel(learner.weights)
    account, observation, rollout = _roll_out(
        market, shape, reward, (learner.account, learner.observation, nets), rollout_key
    )
    samples = _to_samples(nets, rollout, lane)
    orders = _permutations(order_key, shape.epochs, shape.samples)

    def minibatch(state: tuple[jax.Array, Adam], batch: Samples) -> tuple[tuple[jax.Array, Adam], None]:
        return gradient_step(unravel, *state, batch, lane), None

    def epoch(state: tuple[jax.Array, Adam], order: jax.Array) -> tuple[tuple[jax.Array, Adam], None]:
        shuffled = jax.tree.map(lambda column: column[order].reshape(-1, shape.batch, *column.shape[1:]), samples)
        after, _ = jax.lax.scan(minibatch, state, shuffled, unroll=shape.unroll)
        return after, None

    (weights, adam), _ = jax.lax.scan(epoch, (learner.weights, learner.adam), orders)
    return Learner(weights, adam, account, observation, key)


def mean_reward(
    market: JaxMarket, span: Span, longest: int, reward: Coefficients, logits: Callable[[jax.Array], jax.Array]
) -> jax.Array:
    """The score of a greedy agent on the bars of `span`, as `mean_reward` of `rl/agents/scoring.py`.

    `logits` are the agent's [sample, action] for observations [sample, column].
    """
    episodes = ScoredEpisodes.of([[span]], longest)
    starts, ends = (jnp.asarray(bars[0], jnp.int32) for bars in (episodes.starts, episodes.ends))

    def bar(state: tuple[Account, jax.Array], _: None) -> tuple[tuple[Account, jax.Array], jax.Array]:
        account, alive = state
        action = jnp.argmax(logits(observe(market, account)), axis=-1)
        account, found = step(market, reward, account, action, close_at_end=True)
        return (account, alive & ~(found.terminated | found.truncated)), jnp.where(alive, found.reward, 0.0)

    begun = fresh(starts, ends), jnp.ones(starts.shape, bool)
    return jnp.sum(jax.lax.scan(bar, begun, None, episodes.longest)[1]) / (len(span) - 1)


@dataclass(frozen=True, slots=True)
class JaxTraining:
    """Compiled parts of the trainings of one shape, for lanes in a `vmap`; each lane has a key."""

    begin: Callable[[jax.Array], Learner]
    advance: Callable[[Lane, Learner], tuple[Learner, jax.Array]]  # some updates, then the scores [lane]

    @classmethod
    def of(cls, config: TrainingConfig, base: TrainingConfig, market: Market, updates: int, unroll: int = 1) -> Self:
        """Nothing is compiled yet.

        Args:
            config: Shapes and rules; its values for `Lane` are not used.
            base: The configuration whose environment scores.
            market: Bars.
            updates: Number of updates of `advance`, with all of which a training is one call.
            unroll: See `Shape`.
        """
        bars, shape = JaxMarket.of(market, config.env), replace(Shape.of(config, market), unroll=unroll)
        coefficients, unravel = Coefficients.of(config.env.reward), unraveler(bars, shape)
        scored = partial(
            mean_reward,
            JaxMarket.of(market, base.env.model_copy(update={"observation_window": shape.window})),
            market.splits.validation,
            base.env.max_episode_steps,
            Coefficients.of(base.env.reward),
        )

        def advance(lane: Lane, learner: Learner) -> tuple[Learner, jax.Array]:
            reward = coefficients._replace(**{name: getattr(lane, name) for name in SEARCHED_TERMS})

            def one(state: Learner, _: None) -> tuple[Learner, None]:
                return update(bars, shape, reward, lane, state), None

            after, _ = jax.lax.scan(one, learner, None, updates)
            return after, scored(partial(alone, unravel(after.weights), 0))

        return cls(jax.jit(jax.vmap(partial(begin, bars, shape))), jax.jit(jax.vmap(advance), donate_argnums=1))


def random_episodes(shape: Shape, key: jax.Array, size: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    """Random first bars and the last bars of episodes, as `rl/environment/episodes.py`."""
    first, last = shape.span.start + shape.window - 1, shape.span.stop - 1
    starts = jax.random.randint(key, size, first, max(first, last - shape.episode_steps) + 1)
    return starts, jnp.minimum(starts + shape.episode_steps, last)


def _roll_out(
    market: JaxMarket, shape: Shape, reward: Coefficients, begun: tuple[Account, jax.Array, Nets], key: jax.Array
) -> tuple[Account, jax.Array, Rollout]:
    action_key, episode_key = jax.random.split(key)
    size = (shape.rollout_steps, shape.envs)
    uniform = jax.random.uniform(action_key, size)
    *before, nets = begun

    def act(state: tuple[Account, jax.Array], drawn: Any) -> tuple[tuple[Account, jax.Array], Rollout]:
        (account, observation), (chance, starts, ends) = state, drawn
        log_probs = jax.nn.log_softmax(alone(nets, 0, observation))
        below = jnp.cumsum(jnp.exp(log_probs), axis=-1)[:, :-1]
        action = jnp.sum(chance[:, None] >= below, axis=-1)
        log_prob = jnp.sum(jnp.where(action[:, None] == jnp.arange(ACTIONS), log_probs, 0.0), axis=-1)
        account, found = step(market, reward, account, action)
        final = observe(market, account)
        account = restart_where(account, found.terminated | found.truncated, starts, ends)
        return (account, observe(market, account)), Rollout(observation, final, action, log_prob, found)

    drawn = uniform, *random_episodes(shape, episode_key, size)
    (account, observation), rollout = jax.lax.scan(act, tuple(before), drawn)
    return account, observation, rollout


def _permutations(key: jax.Array, count: int, size: int) -> jax.Array:
    """Permutations [count, size]; the numbers are the low bits of random bits, which makes the sort twice as fast."""
    low = (1 << (size - 1).bit_length()) - 1
    random = jax.random.bits(key, (count, size)) & ~jnp.uint32(low)
    return jnp.sort(random | jnp.arange(size, dtype=jnp.uint32), axis=1) & low


def _to_samples(nets: Nets, rollout: Rollout, lane: Lane) -> Samples:
    value = alone(nets, 1, rollout.observation)[..., 0]
    next_value = alone(nets, 1, rollout.final_observation)[..., 0]
    advantage = advantages(rollout.step, value, next_value, lane)
    scaled = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    columns = Samples(rollout.observation, rollout.action, rollout.log_prob, scaled, advantage + value)
    return Samples(*(column.reshape(-1, *column.shape[2:]) for column in columns))
