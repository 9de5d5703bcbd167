"""`algorithm: ppo`."""

from typing import Literal

from pydantic import Field, model_validator

from fxai.spec.algorithm_config import AlgorithmConfig


class PpoConfig(AlgorithmConfig):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347)."""

    algorithm: Literal["ppo"] = "ppo"
    batch_size: int = Field(default=64, ge=1)
    n_epochs: int = Field(default=8, ge=1)
    gae_lambda: float = Field(default=0.95, ge=0, le=1)
    clip_epsilon: float = Field(default=0.2, gt=0)
    value_clip_epsilon: float | None = Field(default=None, gt=0)
    entropy_coef: float = Field(default=0.01, ge=0)
    value_coef: float = Field(default=0.5, ge=0)
    normalize_advantage: bool = True
    target_kl: float | None = Field(default=None, gt=0, description="an update's epochs end beyond 1.5 times this")

    @model_validator(mode="after")
    def _batch_fits_rollout(self) -> "PpoConfig":
        if self.batch_size > self.rollout_size:
            raise ValueError(f"batch_size {self.batch_size} is more than one rollout holds ({self.rollout_in_words()})")
        return self
