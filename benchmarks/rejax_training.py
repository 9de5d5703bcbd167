# ruff: noqa: ARG002 -- the methods of the environment have gymnax's signatures
"""The PPO of rejax (Liesen et al. 2024, github.com/keraJLi/rejax) on the market of `jax_market.py`.

The market is a gymnax environment. A whole training is one compiled function, and lanes of other hyperparameters are
one `vmap`, as in `jax_training.py`. Shapes, environment steps, gradient steps and the score at the end are those of
`jax_training.py`. rejax's evaluations during training and its normalization of observations and rewards are off.
These parts of rejax have no option, and differ:

- Actor and critic have a loss, a gradient and an Adam each, with an epsilon of 1e-8 and not 1e-5.
- `max_grad_norm` limits each number of a gradient and not the norm.
- Values are clipped around those of the roll-out, by the range of the ratio's clipping.
- Advantages are normalized by minibatch. An episode that ends at its length counts as terminated.
- Weights begin with flax's `lecun_normal` and not orthogonal.
- Each environment splits a random key at each step, where `jax_training.py` draws a roll-out's numbers at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
from gymnax.environments import spaces
from gymnax.environments.environment import Environment
from rejax import PPO

from fxai.market.markets.dataset import Market
from fxai.spec.fields.training_config import TrainingConfig
from jax_market import SEARCHED_TERMS, Account, Coefficients, JaxMarket, fresh, observe, step
from jax_training import ACTIONS, Lane, Shape, mean_reward, random_episodes


class GymnaxMarket(Environment):  # type: ignore[misc]  # mypy does not read gymnax
    """One environment of a market; its parameters are the terms of the reward. gymnax begins episodes again."""

    def __init__(self, market: JaxMarket, shape: Shape, reward: Coefficients) -> None:
        self._market, self._shape, self._reward = market, shape, reward

    @property
    def default_params(self) -> Coefficients:
        return self._reward

    def step_env(
        self, key: jax.Array, state: Account, action: jax.Array, params: Coefficients
    ) -> tuple[jax.Array, Account, jax.Array, jax.Array, dict[str, Any]]:
        """The rules draw no random numbers, so `key` is not used."""
        after, found = step(self._market, params, state, action)
        return observe(self._market, after), after, found.reward, found.terminated | found.truncated, {}

    def reset_env(self, key: jax.Array, params: Coefficients) -> tuple[jax.Array, Account]:
        account = fresh(*random_episodes(self._shape, key, ()))
        return observe(self._market, account), account

    def action_space(self, params: Coefficients) -> spaces.Discrete:
        return spaces.Discrete(ACTIONS)

    def observation_space(self, params: Coefficients) -> spaces.Box:
        return spaces.Box(-jnp.inf, jnp.inf, (self._market.inputs,))


class Trained(NamedTuple):
    """What a training leaves; outside of `vmap` with a leading axis [lane]."""

    actor: Any  # parameters, as flax has them
    critic: Any
    env_steps: jax.Array
    gradient_steps: jax.Array  # of the actor, and as many of the critic


@dataclass(frozen=True, slots=True)
class RejaxTraining:
    """Whole trainings of one shape, for lanes in a `vmap`; each lane has a key. The fields are as in `JaxTraining`."""

    begin: Callable[[jax.Array], jax.Array]  # the keys; rejax begins a training in `advance`
    advance: Callable[[Lane, jax.Array], tuple[Trained, jax.Array]]  # all updates, then the scores [lane]

    @classmethod
    def of(cls, config: TrainingConfig, base: TrainingConfig, market: Market, updates: int) -> Self:
        """The arguments are those of `JaxTraining.of`. Nothing is compiled yet."""
        bars, shape = JaxMarket.of(market, config.env), Shape.of(config, market)
        coefficients = Coefficients.of(config.env.reward)
        scored = partial(
            mean_reward,
            JaxMarket.of(market, base.env.model_copy(update={"observation_window": shape.window})),
            market.splits.validation,
            base.env.max_episode_steps,
            Coefficients.of(base.env.reward),
        )

        def score(ppo: PPO, state: Any, _: jax.Array) -> jax.Array:
            return scored(lambda seen: ppo.actor.apply(state.actor_ts.params, seen, method="_action_dist").logits)

        ppo = _algorithm(GymnaxMarket(bars, shape, coefficients), shape, updates).replace(eval_callback=score)

        def advance(lane: Lane, key: jax.Array) -> tuple[Trained, jax.Array]:
            reward = coefficients._replace(**{name: getattr(lane, name) for name in SEARCHED_TERMS})
            own = ppo.replace(
                env_params=reward,
                learning_rate=lane.learning_rate,
                gamma=lane.gamma,
                gae_lambda=lane.gae_lambda,
                clip_eps=lane.clip_epsilon,
                ent_coef=lane.entropy_coef,
                vf_coef=2.0 * lane.value_coef,  # rejax halves the squared error
                max_grad_norm=lane.max_grad_norm,
            )
            state, scores = own.train(rng=key)
            actor, critic = state.actor_ts, state.critic_ts
            return Trained(actor.params, critic.params, state.global_step, actor.step), scores[-1]

        return cls(jax.jit(lambda keys: keys), jax.jit(jax.vmap(advance)))


def _algorithm(env: GymnaxMarket, shape: Shape, updates: int) -> PPO:
    """The algorithm, which evaluates once, after the last update."""
    steps = updates * shape.samples
    return PPO.create(
        env=env,
        num_envs=shape.envs,
        num_steps=shape.rollout_steps,
        num_minibatches=shape.samples // shape.batch,
        num_epochs=shape.epochs,
        total_timesteps=steps,
        eval_freq=steps,
        skip_initial_evaluation=True,
        normalize_observations=False,
        normalize_rewards=False,
        agent_kwargs={"activation": "tanh", "hidden_layer_sizes": shape.layers},
    )
