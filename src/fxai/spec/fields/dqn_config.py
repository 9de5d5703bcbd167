"""Record of the section `training` with `algorithm: dqn`. Boolean keys switch the variants of DQN on."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import LATER


class DqnConfig(AlgorithmConfig):
    """Deep Q-network (DQN; Mnih et al. 2015, doi 10.1038/nature14236) with its variants as switches.

    All variants are off by default:
    `double` (van Hasselt et al. 2015, arXiv 1509.06461), `dueling` (Wang et al. 2015, arXiv 1511.06581),
    `twin` (the smaller of two critics in the target, as Fujimoto et al. 2018, arXiv 1802.09477),
    `n_step` (Sutton 1988). As `algorithm`, `double_dqn`, `dueling_dqn`, `d3qn` (double and dueling) and `twin_d3qn`
    (all three) stand for `dqn` with these switches on.
    """

    algorithm: Literal["dqn"] = Field(default="dqn", description="name of the algorithm")
    total_updates: int = Field(default=800, ge=1, le=MAX_COUNT, description="number of updates, each with one rollout")
    eval_frequency: int = Field(default=80, ge=1, le=MAX_COUNT, description="updates between two evaluations")
    rollout_steps: int = Field(
        default=8, ge=1, le=1_000_000, description="environment steps per update, in each environment"
    )
    max_grad_norm: float = Field(default=10.0, gt=0, description="gradient clipping: the largest norm of a gradient")
    double: bool = Field(default=False, description="double DQN: the online network selects the action of the target")
    dueling: bool = Field(
        default=False, description="dueling network: separate outputs for the state value and the advantages"
    )
    twin: bool = Field(default=False, description="two critics; the target uses the smaller value")
    n_step: int = Field(default=1, ge=1, le=MAX_COUNT, description="number of rewards in an n-step target")
    buffer_size: int = Field(
        default=10_000,
        ge=1,
        le=MAX_COUNT,
        description="transitions in the replay buffer of each lane; rounded down to whole steps of all environments",
    )
    buffer_multiplier: Annotated[int | None, LATER] = Field(
        default=None,
        ge=1,
        le=1_000_000,
        exclude_if=lambda times: times is None,
        description="size of the replay buffer as a multiple of n_envs * rollout_steps, instead of buffer_size",
    )
    batch_size: int = Field(default=64, ge=1, le=MAX_COUNT, description="transitions per gradient step")
    learning_starts: int = Field(
        default=1_000, ge=0, le=MAX_COUNT, description="transitions collected before the first gradient step"
    )
    gradient_steps: int = Field(
        default=16, ge=1, le=MAX_COUNT, description="gradient steps per update, that is per rollout"
    )
    target_tau: float = Field(
        default=0.005,
        gt=0,
        le=1,
        description="share of the online weights in the update of the target network; 1 copies them",
    )
    target_interval: int = Field(
        default=1, ge=1, le=MAX_COUNT, description="gradient steps between two updates of the target network"
    )
    exploration_initial: float = Field(default=1.0, ge=0, le=1, description="share of random actions at the beginning")
    exploration_final: float = Field(default=0.05, ge=0, le=1, description="share of random actions at the end")
    exploration_fraction: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="share of total_updates over which the share of random actions decreases linearly",
    )

    @property
    def replay_size(self) -> int:
        """Transitions in the replay buffer: buffer_size, or the size that buffer_multiplier gives."""
        if self.buffer_multiplier is None:
            return self.buffer_size
        return self.buffer_multiplier * self.n_envs * self.rollout_steps

    def _replay_in_words(self) -> str:
        if self.buffer_multiplier is None:
            return f"buffer_size {self.buffer_size}"
        return f"the {self.replay_size} transitions of buffer_multiplier {self.buffer_multiplier}"

    @model_validator(mode="after")
    def _check_buffer_size(self) -> "DqnConfig":
        if self.rollout_size > self.replay_size:
            raise ValueError(f"one rollout ({self.rollout_in_words()}) is more than {self._replay_in_words()}")
        for name in ("batch_size", "learning_starts"):
            if getattr(self, name) > self.replay_size:
                raise ValueError(f"{name} {getattr(self, name)} is more than {self._replay_in_words()}")
        return self

    @model_validator(mode="after")
    def _check_learning_starts(self) -> "DqnConfig":
        if self.n_step > self.steps_per_rollout:
            raise ValueError(f"n_step {self.n_step} is more than rollout_steps {self.steps_per_rollout}")
        gathered = self.total_updates * self.rollout_size
        if self.learning_starts > gathered:
            raise ValueError(
                f"learning_starts {self.learning_starts} is never reached: "
                f"{self.total_updates} updates gather {gathered} transitions"
            )
        if self.exploration_final > self.exploration_initial:
            raise ValueError(
                f"exploration_final {self.exploration_final:g} is above "
                f"exploration_initial {self.exploration_initial:g}"
            )
        return self
