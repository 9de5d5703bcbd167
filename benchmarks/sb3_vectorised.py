"""Stable-Baselines3's PPO in its fastest form: with a vectorised environment of one tensor operation per step.

Its usual form steps one environment after the other in Python. Here all environments of a training are FxAI's MarketEnv
with one lane, with NumPy arrays in and out and no loop over environments, so that only Stable-Baselines3's own work
remains. `check_environment` compares it with the usual form, step by step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn
from torch import Tensor
from torch.distributions import Categorical

from fxai.market.markets.dataset import Market
from fxai.market.splits.splits import Span
from fxai.rl.agents.scoring import Scorer
from fxai.rl.environment.gymnasium_env import GymnasiumEnv
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors, on_device
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig

CPU = torch.device("cpu")


class MarketVecEnv(VecEnv):
    """The environments of a MarketEnv with one lane; episodes that end begin anew, as VecEnv asks."""

    def __init__(self, env: MarketEnv) -> None:
        self._env = env
        self._no_infos: list[dict[str, Any]] = [{} for _ in range(env.envs)]
        space = Box(-np.inf, np.inf, env.observation_shape, np.float32)
        super().__init__(env.envs, space, Discrete(env.actions))

    def reset(self) -> NDArray[np.float32]:
        return self._env.reset()[0].numpy()

    def step_async(self, actions: NDArray[np.int64]) -> None:
        self._actions = torch.from_numpy(actions).unsqueeze(0)

    def step_wait(self) -> VecEnvStepReturn:
        step = self._env.step(self._actions)
        ended = (step.terminated | step.truncated)[0].numpy()
        infos = self._no_infos
        if ended.any():
            infos = [{} for _ in range(self.num_envs)]
            for index in np.flatnonzero(ended):
                infos[index] = {
                    "terminal_observation": step.final_observation[0, index].numpy(),
                    "TimeLimit.truncated": bool(step.truncated[0, index]),
                }
        return step.observation[0].numpy(), step.reward[0].numpy(), ended, infos

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        if attr_name == "render_mode":
            return [None] * len(list(self._get_indices(indices)))
        raise AttributeError(attr_name)

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:  # noqa: ARG002
        raise AttributeError(attr_name)

    def env_method(self, method_name: str, *_args: Any, indices: VecEnvIndices = None, **_named: Any) -> list[Any]:  # noqa: ARG002
        raise AttributeError(method_name)

    def env_is_wrapped(
        self,
        wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]],  # noqa: ARG002
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        return [False] * len(list(self._get_indices(indices)))


@dataclass(frozen=True, slots=True)
class SB3Policy:
    """Stable-Baselines3's network in the place of FxAI's, so that one scorer serves both."""

    model: PPO

    def preferences(self, weights: Tensor, observation: Tensor, keep: Tensor | None = None) -> Tensor:
        """Logits of observations [1, sample, window, column]; `weights` are the model's own and not looked at."""
        assert keep is None
        assert len(weights) == 1
        distribution = self.model.policy.get_distribution(observation[0]).distribution
        assert isinstance(distribution, Categorical)
        return distribution.logits.T.unsqueeze(0)


def sb3_ppo(config: TrainingConfig, envs: VecEnv, seed: int) -> PPO:
    """Stable-Baselines3's PPO with the numbers and the network of a configuration, on the CPU.

    What a configuration does not name is as Stable-Baselines3 has it, the optimiser too. It normalises
    advantages by minibatch, FxAI by roll-out; the work is the same.
    """
    ppo, layers = config.training, [config.model.d_model] * config.model.n_layers
    assert isinstance(ppo, PpoConfig)
    assert config.model.type == "mlp"
    assert ppo.lr_schedule == "constant"
    return PPO(
        "MlpPolicy",
        envs,
        learning_rate=ppo.learning_rate,
        n_steps=ppo.rollout_steps,
        batch_size=ppo.batch_size,
        n_epochs=ppo.n_epochs,
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        clip_range=ppo.clip_epsilon,
        clip_range_vf=ppo.value_clip_epsilon,
        ent_coef=ppo.entropy_coef,
        vf_coef=ppo.value_coef,
        max_grad_norm=ppo.max_grad_norm,
        normalize_advantage=ppo.normalize_advantage,
        target_kl=ppo.target_kl,
        policy_kwargs={"net_arch": {"pi": layers, "vf": layers}},
        seed=seed,
        device="cpu",
    )


def environment_steps(config: TrainingConfig) -> int:
    """Of one training."""
    return config.training.total_updates * config.training.n_envs * config.training.rollout_steps


def sb3_training(config: TrainingConfig, base: EnvConfig, market: Market, seed: int) -> float:
    """Train to the end, then score once on the validation split in `base`; the mean reward."""
    tensors = on_device(market, CPU)
    train = market.splits.train
    env = MarketEnv(tensors, train, [config.env], torch.tensor([seed]), config.training.n_envs)
    model = sb3_ppo(config, MarketVecEnv(env), seed)
    model.learn(environment_steps(config), log_interval=None)  # type: ignore[arg-type]  # None: nothing is logged
    scorer = Scorer(tensors, ScoredSpan(market.splits.validation, market.bars_per_year, base, [config.env]))
    (score,) = scorer(SB3Policy(model), torch.zeros(1, 1))  # type: ignore[arg-type]
    return score.metrics["mean_reward"]


def check_environment(market: Market, config: EnvConfig, steps: int = 300) -> str:
    """Assert that the observations of MarketVecEnv, MarketEnv and Stable-Baselines3 are equal. Returns a summary."""
    tensors, envs = on_device(market, CPU), 8
    actions = np.random.default_rng(0).integers(3, size=(steps, envs))
    ended = _check_wrapping(tensors, market.splits.train, config, actions)
    # Both forms draw other starts; on a span as short as its only episode, all begin at its first bar.
    short = Span(market.splits.train.start, market.splits.train.start + config.observation_window + 40)
    tight = config.model_copy(update={"max_episode_steps": 2 * len(short), "drawdown_limit": 0.004})
    terminated, truncated = _check_usual_form(tensors, short, tight, actions)
    assert ended
    assert terminated
    assert truncated
    return (
        f"the vectorised environment equals MarketEnv ({ended} episodes ended) and Stable-Baselines3's own form "
        f"({terminated} terminated, {truncated} truncated) on {steps} steps of {envs} environments each"
    )


def _check_wrapping(market: MarketTensors, span: Span, config: EnvConfig, actions: NDArray[np.int64]) -> int:
    """On the real span, against the tensors themselves; how many episodes ended."""
    plain, within = (MarketEnv(market, span, [config], torch.tensor([1]), actions.shape[1]) for _ in range(2))
    wrapped, ended = MarketVecEnv(within), 0
    np.testing.assert_array_equal(wrapped.reset(), plain.reset()[0])
    for row in actions:
        step = plain.step(torch.from_numpy(row)[None])
        observation, reward, done, infos = wrapped.step(row)
        np.testing.assert_array_equal(observation, step.observation[0])
        np.testing.assert_array_equal(reward, step.reward[0])
        np.testing.assert_array_equal(done, (step.terminated | step.truncated)[0])
        for index in np.flatnonzero(done):
            np.testing.assert_array_equal(infos[index]["terminal_observation"], step.final_observation[0, index])
        ended += int(done.sum())
    return ended


def _check_usual_form(
    market: MarketTensors, span: Span, config: EnvConfig, actions: NDArray[np.int64]
) -> tuple[int, int]:
    """Against GymnasiumEnv in SB3's DummyVecEnv; how many episodes were terminated and how many truncated."""
    count = actions.shape[1]
    ours = MarketVecEnv(MarketEnv(market, span, [config], torch.tensor([1]), count))
    usual = DummyVecEnv([lambda: GymnasiumEnv(market, span, config)] * count)
    np.testing.assert_array_equal(ours.reset(), usual.reset())
    ends: list[bool] = []  # of each ended episode: whether by truncation
    for row in actions:
        observation, reward, done, infos = ours.step(row)
        expected = usual.step(row)
        np.testing.assert_array_equal(observation, expected[0])
        np.testing.assert_array_equal(reward, expected[1])
        np.testing.assert_array_equal(done, expected[2])
        ends += _same_ends(infos, expected[3], np.flatnonzero(done))
    return ends.count(False), ends.count(True)


def _same_ends(
    infos: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]], ended: NDArray[np.int64]
) -> list[bool]:
    for index in ended:
        np.testing.assert_array_equal(infos[index]["terminal_observation"], expected[index]["terminal_observation"])
        assert infos[index]["TimeLimit.truncated"] == expected[index]["TimeLimit.truncated"]
    return [infos[index]["TimeLimit.truncated"] for index in ended]
