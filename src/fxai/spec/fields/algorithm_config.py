"""Fields of all algorithms: budget, environments, learning rate."""

from typing import Annotated, Literal

from pydantic import Field

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import LATER, Record


class AlgorithmConfig(Record):
    """The fields that all algorithms share. An algorithm may have other defaults.

    An update is one rollout of `steps_per_rollout` steps in each of `n_envs` environments, and the gradient steps
    after it. The defaults of all algorithms take equally many steps of the environment.
    """

    algorithm: str = Field(description="name of the algorithm")
    total_updates: int = Field(default=100, ge=1, le=MAX_COUNT, description="number of updates, each with one rollout")
    eval_frequency: int = Field(default=10, ge=1, le=MAX_COUNT, description="updates between two evaluations")
    n_envs: int = Field(default=16, ge=1, le=1_000_000, description="parallel environments of one training")
    rollout_steps: int = Field(
        default=64, ge=1, le=1_000_000, description="environment steps per update, in each environment"
    )
    rollout_multiplier: Annotated[int, LATER] = Field(
        default=1,
        ge=1,
        le=10_000,
        exclude_if=lambda times: times == 1,
        description="multiplies rollout_steps, so that the length of a rollout can be searched as a multiple",
    )
    learning_rate: float = Field(default=3e-4, gt=0, description="learning rate of Adam")
    lr_schedule: Literal["constant", "linear", "cosine"] = Field(
        default="constant", description="schedule of the learning rate over total_updates"
    )
    gamma: float = Field(default=0.99, ge=0, le=1, description="discount factor per step")
    max_grad_norm: float = Field(default=0.5, gt=0, description="gradient clipping: the largest norm of a gradient")

    @property
    def steps_per_rollout(self) -> int:
        """Environment steps of one rollout in each environment."""
        return self.rollout_steps * self.rollout_multiplier

    @property
    def rollout_size(self) -> int:
        """Transitions of one rollout, all environments together."""
        return self.n_envs * self.steps_per_rollout

    def rollout_in_words(self) -> str:
        """The size as text for messages: `16 envs x 64 steps`."""
        return f"{self.n_envs} envs x {self.steps_per_rollout} steps"
