"""What every algorithm has: its budget, its environments, its learning rate."""

from typing import Literal

from pydantic import Field

from fxai.spec.defaults import MOST
from fxai.spec.record import Record


class AlgorithmConfig(Record):
    """The fields that all algorithms share; each may set defaults of its own.

    An update is one rollout of `rollout_steps` steps in each of `n_envs` environments and what is learnt
    after it. The defaults of all algorithms take equally many steps of the environment.
    """

    algorithm: str = Field(description="what is trained")
    total_updates: int = Field(default=100, ge=1, le=MOST, description="rollout and update, so many times")
    eval_frequency: int = Field(default=10, ge=1, le=MOST, description="updates between two evaluations")
    n_envs: int = Field(default=16, ge=1, le=1_000_000, description="environments of one training, stepped together")
    rollout_steps: int = Field(default=64, ge=1, le=1_000_000, description="steps of each environment per update")
    learning_rate: float = Field(default=3e-4, gt=0, description="of Adam")
    lr_schedule: Literal["constant", "linear", "cosine"] = Field(
        default="constant", description="how the learning rate falls over total_updates"
    )
    gamma: float = Field(default=0.99, ge=0, le=1, description="discount of a reward for each step that it lies ahead")
    max_grad_norm: float = Field(default=0.5, gt=0, description="longer gradients are shortened to this")

    @property
    def rollout_size(self) -> int:
        """Transitions of one rollout, all environments together."""
        return self.n_envs * self.rollout_steps

    def rollout_in_words(self) -> str:
        """For messages: `16 envs x 64 steps`."""
        return f"{self.n_envs} envs x {self.rollout_steps} steps"
