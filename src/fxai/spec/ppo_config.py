"""`algorithm: ppo`."""

from typing import Literal

from pydantic import Field, model_validator

from fxai.spec.algorithm_config import AlgorithmConfig
from fxai.spec.defaults import MOST


class PpoConfig(AlgorithmConfig):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347)."""

    algorithm: Literal["ppo"] = Field(default="ppo", description="what is trained")
    batch_size: int = Field(default=64, ge=1, le=MOST, description="transitions of one gradient step")
    n_epochs: int = Field(default=8, ge=1, le=MOST, description="passes over each rollout")
    gae_lambda: float = Field(default=0.95, ge=0, le=1, description="of generalised advantage estimation")
    clip_epsilon: float = Field(default=0.2, gt=0, description="how far the policy's ratio may move from 1")
    value_clip_epsilon: float | None = Field(
        default=None, gt=0, description="how far a value may move from the rollout's; any way unless given"
    )
    entropy_coef: float = Field(default=0.01, ge=0, description="weight of the policy's entropy in the loss")
    value_coef: float = Field(default=0.5, ge=0, description="weight of the critic's loss")
    normalize_advantage: bool = Field(default=True, description="advantages of a batch to mean 0 and deviation 1")
    target_kl: float | None = Field(default=None, gt=0, description="an update's epochs end beyond 1.5 times this")

    @model_validator(mode="after")
    def _batch_fits_rollout(self) -> "PpoConfig":
        if self.batch_size > self.rollout_size:
            raise ValueError(f"batch_size {self.batch_size} is more than one rollout holds ({self.rollout_in_words()})")
        return self
