"""A trained agent: policy weights with the configuration, standardizer and data hash that their use needs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from fxai.errors import InputError
from fxai.market.features.standardizer import Standardizer
from fxai.market.markets.dataset import prepare
from fxai.market.markets.instruments import MarketSet
from fxai.market.rules.rules import Action
from fxai.rl.agents.agent_header import AgentHeader, Weights, write_agent_file
from fxai.rl.agents.agent_instruments import AgentInstrument, instrument_named, names_of
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.rl.environment.observation import AccountView, Observation, bars_needed, observation_of
from fxai.rl.networks.mlp_shape import MlpShape
from fxai.rl.scores.acting_nets import ActingNets
from fxai.rl.scores.scoring_env import lowest_action, scoring_env_of
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.env_config import SHORT_FLAT_LONG, EnvConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig

if TYPE_CHECKING:
    import pandas as pd

    from fxai.rl.lanes.policy import Policy

_FLAT_ACCOUNT = AccountView()
_WITHOUT_PROBABILITIES = {"dqn": "a dqn agent has action values", "ensemble": "an ensemble has votes"}


@dataclass(frozen=True, slots=True)
class Agent:
    """One trained policy with its origin.

    The agent has no state between observations. A GRU or a transformer reads the whole observation window at each step,
    so nothing is reset between episodes. An agent whose policy is one multilayer perceptron decides without torch.

    An agent of several instruments has a standardizer for each of them. `on` returns the agent of one instrument, which
    has that standardizer and data; observations and evaluations need such an agent.
    """

    config: TrainingConfig
    seed: int
    standardizer: Standardizer  # of the training features, in their order; of several instruments, that of the first
    data_hash: str  # hash of the training bars
    weights: Weights  # [1, size]
    scoring_env: EnvConfig | None = None  # environment that scored the training; None in older files
    instruments: tuple[AgentInstrument, ...] = ()  # in the order of their names; empty for data without names

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the trainings; a committee has several."""
        return (self.seed,)

    @classmethod
    def trained(
        cls, config: TrainingConfig, seed: int, markets: MarketSet, weights: Weights, scoring_env: EnvConfig
    ) -> "Agent":
        """The agent of a training on markets. Its configuration has the dates of the splits of several instruments."""
        return agent_of(AgentHeader.trained(config, seed, markets, scoring_env), weights)

    def on(self, instrument: str) -> "Agent":
        """The agent of one of its instruments, with the costs of this instrument.

        Raises:
            InputError: The agent was not trained on the instrument.
        """
        chosen = instrument_named(instrument, self.instruments)
        own = {"data": chosen.data(self.config.data), "env": self.config.env.of_instrument(instrument)}
        return replace(
            self,
            config=self.config.model_copy(update=own),
            scoring_env=None if self.scoring_env is None else self.scoring_env.of_instrument(instrument),
            standardizer=chosen.standardizer,
            data_hash=chosen.data_hash,
            instruments=(),
        )

    @property
    def observation_shape(self) -> tuple[int, int]:
        """Bars of the observation window, and columns per bar: the features, then four of the account."""
        return self.config.env.observation_window, len(self.standardizer.names) + len(ACCOUNT_FEATURES)

    @property
    def bars_needed(self) -> int:
        """Number of recent bars that `observation` needs."""
        return bars_needed(self.config, self.standardizer)

    @property
    def policy(self) -> "Policy":
        """The policy in torch."""
        from fxai.rl.algorithms.build import build_policy  # noqa: PLC0415 - torch

        return build_policy(self.config, self.observation_shape, self.config.env.action_count)

    @property
    def nets(self) -> ActingNets | None:
        """The nets of the policy, which decide without torch; None if they are not one multilayer perceptron."""
        if self.config.model.type != "mlp":
            return None
        network = MlpShape(self.observation_shape, self.config.model.hidden_widths, self.config.env.action_count)
        match self.config.training:
            case DqnConfig(dueling=False, twin=False):
                return ActingNets.of_one(network, network.size)
            case PpoConfig() | A2cConfig():
                return ActingNets.of_one(network, 2 * network.size)  # with the critic
            case _:
                return None

    @property
    def size(self) -> int:
        """Number of weights."""
        nets = self.nets
        return self.policy.size if nets is None else nets.size

    @property
    def positions(self) -> tuple[float, ...]:
        """Target positions in increasing order: by default short, flat and long.

        They are fractions of `position_size` or of `max_position` units. With `actions: target` they are the positions
        of the actions.
        """
        return self.config.env.target_positions

    @property
    def base_env(self) -> EnvConfig:
        """Environment that scores the agent. It is the training environment if the file names no other."""
        return self.scoring_env or self.config.env

    @property
    def may_be_short(self) -> bool:
        return self.config.env.allow_short and self.base_env.allow_short

    def observation(self, bars: "pd.DataFrame", account: AccountView = _FLAT_ACCOUNT) -> Observation:
        """Observation at the close of the last bar.

        Args:
            bars: Columns of a data file (time, open, high, low, close and further trained columns), at least the last
                `bars_needed` bars. Every bar must be closed.
            account: Position and account state; flat by default.

        Returns:
            float32 array [window, column].

        Raises:
            DataError: If there are fewer bars than the agent needs.
            InputError: If the position of the account is none of `positions`, or the agent has several instruments.
        """
        from fxai.market.reading.reading import read_bar_frame  # noqa: PLC0415 - loads pandas

        self.check_one_instrument()
        data = self.config.data
        if data.features.function is None:
            data = data.model_copy(update={"spread_column": None})  # no built-in feature needs the spread
        return observation_of(read_bar_frame(bars, data).bars, account, self.config, self.standardizer)

    def act(self, observation: ArrayLike, chance: np.random.Generator | None = None) -> int:
        """Choice of the position to hold from the next open on, as an index of `positions`.

        Without `env.positions` it is an `Action`: Action.SHORT (0), FLAT (1) or LONG (2). With `actions: increment` it
        is 0 to sell one step along the positions, 1 to hold, or 2 to buy one step. With `step_gap` a decision is due
        that many bars after the last one.

        Args:
            observation: Array of `observation_shape`.
            chance: Without it the action is greedy. With a generator the action is sampled from the policy's
                probabilities.

        Raises:
            InputError: If `chance` is given for a DQN agent or an ensemble, which have no probabilities.
        """
        (preferences,) = self.preferences(np.asarray(observation, np.float32)[None])
        if chance is None:
            return self._allowed(int(preferences.argmax()))
        if (values := _WITHOUT_PROBABILITIES.get(self.config.training.algorithm)) is not None:
            raise InputError(f"{values} and no probabilities; call act without the argument chance")
        probabilities = np.exp(preferences.astype(np.float64) - preferences.max())
        return self._allowed(int(chance.choice(len(probabilities), p=probabilities / probabilities.sum())))

    def preferences(self, observations: ArrayLike) -> np.ndarray:
        """Preferences [observation, action]: logits, action values of a DQN agent, or shares of an ensemble's votes."""
        checked, nets = self._checked(observations), self.nets
        if nets is not None:
            return nets.preferences(self.weights[0], checked)
        from fxai.rl.agents.torch_decisions import preferences_of  # noqa: PLC0415 - torch

        return preferences_of(self.policy, self.weights, checked)

    def check_one_instrument(self) -> None:
        """Raises `InputError` if the agent has several instruments, whose bars are standardized differently."""
        if self.instruments:
            raise InputError(
                f"the agent has the instruments {names_of(self.instruments)}; choose one with "
                f"agent.on({self.instruments[0].name!r})"
            )

    def _checked(self, observations: ArrayLike) -> Observation:
        array = np.asarray(observations, np.float32)
        if array.shape[1:] != self.observation_shape or not np.isfinite(array).all():
            raise InputError(
                f"an observation of this agent has {self.observation_shape[0]} bars by {self.observation_shape[1]} "
                f"finite numbers; this one has {' by '.join(map(str, array.shape[1:]))}. `agent.observation` makes "
                "an observation from bars"
            )
        return array

    def _validation_observations(self) -> Observation:
        of_one = self.on(self.instruments[0].name) if self.instruments else self
        from fxai.rl.agents.torch_decisions import visited_observations  # noqa: PLC0415 - torch

        market = prepare(of_one.config.data, of_one.standardizer)
        env = scoring_env_of(self.base_env, self.config.env)
        return visited_observations(self.policy, self.weights, market, market.splits.validation, env)

    def export(self, path: Path | str, observations: ArrayLike | None = None) -> None:
        """Write the policy to a file that runs without FxAI: `FILE.onnx` for ONNX, `FILE.pt2` for `torch.export`.

        The exported model maps one observation to preferences and action, and with `env.positions` to the position
        of the action too. The file is written only if the model's actions equal the policy's.

        Args:
            path: File with the suffix .onnx or .pt2.
            observations: Array [observation, window, column] for the comparison; the default are observations of the
                agent's own validation split, of the first of several instruments.

        Raises:
            InputError: For another suffix or missing ONNX packages.
            FxaiError: If an action differs.
        """
        from fxai.rl.agents.export import Decisions, export_policy  # noqa: PLC0415 - torch

        checked = self._validation_observations() if observations is None else self._checked(observations)
        target = Path(path)
        env = self.config.env
        names_positions = not self._has_increments and (env.positions is not None or env.sizing == "units")
        decisions = Decisions(self.positions if names_positions else None, self._lowest_action)
        export_policy(self.policy, self.weights, checked, target, decisions)

    def save(self, path: Path) -> None:
        """Write a safetensors file; its header has the configuration, seed, standardizer, data hash and versions."""
        write_agent_file(path, header_of(self), self.weights)

    @property
    def _has_increments(self) -> bool:
        return self.config.env.actions == "increment"

    @property
    def _lowest_action(self) -> int:
        return lowest_action(self.config.env, self.base_env)

    def _allowed(self, action: int) -> int:
        allowed = max(action, self._lowest_action)
        is_named = self.positions == SHORT_FLAT_LONG and not self._has_increments
        return Action(allowed) if is_named else allowed


@dataclass(frozen=True, slots=True)
class Voter:
    """A member of a vote."""

    kind: str
    agent: Agent
    weight: float  # of its vote


def agent_of(header: AgentHeader, weights: Weights) -> Agent:
    """The agent of a header, with weights [1, size]."""
    return Agent(
        header.config,
        header.seed,
        header.standardizer,
        header.data_hash,
        weights,
        header.scoring_env,
        header.instruments,
    )


def header_of(agent: Agent) -> AgentHeader:
    """The header of an agent's file."""
    return AgentHeader.of(
        config=agent.config,
        seed=agent.seed,
        standardizer=agent.standardizer,
        data_hash=agent.data_hash,
        scoring_env=agent.scoring_env,
        instruments=agent.instruments,
    )
