"""A trained agent: weights and all that is needed to use them on other bars."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from pydantic import ValidationError
from torch import Tensor

import fxai
from fxai.errors import InputError
from fxai.market.bar_file import read_bar_frame
from fxai.market.dataset import prepare
from fxai.market.rules import Action
from fxai.market.standardizer import Standardizer
from fxai.rl.agents.export import export_policy, observations_met
from fxai.rl.agents.scoring import scored_with
from fxai.rl.agents.tensor_file import read_tensors, write_tensors
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_view import ACCOUNT_FEATURES
from fxai.rl.environment.observation import AccountView, Observation, bars_needed, observation_of
from fxai.rl.lanes.policy import Policy
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig

_FLAT = AccountView()


@dataclass(frozen=True, slots=True)
class Agent:
    """One policy and where it comes from.

    It remembers nothing from one observation to the next: what came before is in the observation's window, which a
    GRU and a transformer read anew each time. So there is nothing to reset between episodes.
    """

    config: TrainingConfig
    seed: int
    standardizer: Standardizer  # of the features it was trained on, in their order
    data_hash: str  # of the bars it was trained on
    weights: Tensor  # [1, size], on the CPU
    scoring_env: EnvConfig | None = None  # in which its training scored it; older files do not say

    @property
    def observation_shape(self) -> tuple[int, int]:
        """Bars of the window, and columns: features, then the account's four."""
        return self.config.env.observation_window, len(self.standardizer.names) + len(ACCOUNT_FEATURES)

    @property
    def bars_needed(self) -> int:
        """The fewest recent bars that `observation` can be made from."""
        return bars_needed(self.config, self.standardizer)

    @property
    def policy(self) -> Policy:
        return build_policy(self.config, self.observation_shape, MarketEnv.actions)

    @property
    def base_env(self) -> EnvConfig:
        """The environment that scores it: its training's, or else the one that it learnt in."""
        return self.scoring_env or self.config.env

    @property
    def may_be_short(self) -> bool:
        return self.config.env.allow_short and self.base_env.allow_short

    def observation(self, bars: pd.DataFrame, account: AccountView = _FLAT) -> Observation:
        """What the agent sees at the close of the last of these bars.

        `bars` has the columns that a data file has (time, open, high, low, close and what else was trained on), the
        last `bars_needed` of them at least. Only whole bars belong in it: one that is still open is no bar yet.
        """
        return observation_of(read_bar_frame(bars, self.config.data).bars, account, self.config, self.standardizer)

    def act(self, observation: ArrayLike, chance: np.random.Generator | None = None) -> Action:
        """The position to hold from the next open on: Action.SHORT (0), FLAT (1) or LONG (2).

        The preferred one; with `chance` it is drawn by the policy's probabilities, as while it learnt.
        """
        (preferences,) = self.preferences(np.asarray(observation, np.float32)[None])
        if chance is None:
            return self._allowed(int(preferences.argmax()))
        if self.config.training.algorithm == "dqn":
            raise InputError(
                "a dqn agent has values of actions, no probabilities to draw by; let it act without chance"
            )
        odds = np.exp(preferences.astype(np.float64) - preferences.max())
        return self._allowed(int(chance.choice(len(odds), p=odds / odds.sum())))

    def preferences(self, observations: ArrayLike) -> np.ndarray:
        """How much each action is preferred, [observation, action]: logits, of a dqn agent values."""
        seen = torch.from_numpy(self._checked(observations))
        with torch.no_grad():
            preferred = self.policy.preferences(self.weights, seen[None])
        return preferred[0].T.numpy()

    def _checked(self, observations: ArrayLike) -> Observation:
        seen = np.asarray(observations, np.float32)
        if seen.shape[1:] != self.observation_shape or not np.isfinite(seen).all():
            raise InputError(
                f"an observation of this agent is {self.observation_shape[0]} bars by {self.observation_shape[1]} "
                f"finite numbers, not {' by '.join(map(str, seen.shape[1:]))}; `agent.observation` makes one from bars"
            )
        return seen

    def _met(self) -> Observation:
        market = prepare(self.config.data, self.standardizer)
        env = scored_with(self.base_env, self.config.env)
        return observations_met(self.policy, self.weights, market, market.splits.validation, env)

    def export(self, path: Path | str, observations: ArrayLike | None = None) -> None:
        """Write the policy for programs without FxAI: `FILE.onnx` for ONNX, `FILE.pt2` for `torch.export`.

        The exported model takes one observation and returns preferences and action. It is checked to act the same on
        `observations`, or else on those that the agent meets in its own validation split, and left only if it does.
        """
        seen = self._met() if observations is None else self._checked(observations)
        target = Path(path)
        export_policy(self.policy, self.weights, torch.from_numpy(seen), target, may_be_short=self.may_be_short)

    def save(self, path: Path) -> None:
        """Write a safetensors file whose header says what made the agent."""
        header = _Header(
            config=self.config,
            seed=self.seed,
            standardizer=self.standardizer,
            data_hash=self.data_hash,
            scoring_env=self.scoring_env,
            versions={"fxai": fxai.__version__, "torch": torch.__version__},
        )
        write_tensors(path, header.model_dump(mode="json"), {"weights": self.weights})

    def _allowed(self, action: int) -> Action:
        return Action.FLAT if action == Action.SHORT and not self.may_be_short else Action(action)


class _Header(Record):
    """The JSON of an agent's file."""

    format: Literal["fxai agent 1", "fxai agent 2"] = "fxai agent 2"
    config: TrainingConfig
    seed: int
    standardizer: Standardizer
    data_hash: str
    scoring_env: EnvConfig | None = None  # since 2
    versions: dict[str, str]


def load_agent(path: Path | str) -> Agent:
    """The agent in a file; an InputError says why there is none."""
    content, tensors = read_tensors(Path(path))
    if not str(content.get("format")).startswith("fxai agent ") or "weights" not in tensors:
        raise InputError(f"{path} holds no agent of this version; its format is {content.get('format')!r}")
    try:
        header = _Header.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path} holds an agent that this version does not understand: {error}") from error
    agent = Agent(
        header.config, header.seed, header.standardizer, header.data_hash, tensors["weights"], header.scoring_env
    )
    if agent.weights.shape != (1, agent.policy.size):
        raise InputError(f"{path} is damaged: its weights do not fit its configuration")
    return agent
