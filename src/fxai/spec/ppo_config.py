"""The algorithm and its budget."""

from typing import Literal

from pydantic import Field, model_validator

from fxai.spec.record import Record


class PpoConfig(Record):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347)."""

    algorithm: Literal["ppo"] = "ppo"
    total_updates: int = Field(default=100, ge=1, description="rollout and update, so many times")
    eval_frequency: int = Field(default=10, ge=1, description="updates between two evaluations")
    n_envs: int = Field(default=16, ge=1)
    rollout_steps: int = Field(default=64, ge=1, description="steps of each environment per update")
    learning_rate: float = Field(default=3e-4, gt=0)
    lr_schedule: Literal["constant", "linear", "cosine"] = "constant"
    batch_size: int = Field(default=64, ge=1)
    n_epochs: int = Field(default=8, ge=1)
    gamma: float = Field(default=0.99, ge=0, le=1)
    gae_lambda: float = Field(default=0.95, ge=0, le=1)
    clip_epsilon: float = Field(default=0.2, gt=0)
    value_clip_epsilon: float | None = Field(default=None, gt=0)
    entropy_coef: float = Field(default=0.01, ge=0)
    value_coef: float = Field(default=0.5, ge=0)
    max_grad_norm: float = Field(default=0.5, gt=0)
    normalize_advantage: bool = True
    target_kl: float | None = Field(default=None, gt=0, description="an update's epochs end beyond 1.5 times this")

    @model_validator(mode="after")
    def _batch_fits_rollout(self) -> "PpoConfig":
        if self.batch_size > self.n_envs * self.rollout_steps:
            raise ValueError(
                f"batch_size {self.batch_size} is more than one rollout holds "
                f"({self.n_envs} envs x {self.rollout_steps} steps)"
            )
        return self
