"""Record of the section `training` with `algorithm: ppo`."""

from typing import Literal

from pydantic import Field, model_validator

from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.defaults import MAX_COUNT


class PpoConfig(AlgorithmConfig):
    """Proximal policy optimization (PPO; Schulman et al. 2017, arXiv 1707.06347)."""

    algorithm: Literal["ppo"] = Field(default="ppo", description="name of the algorithm")
    batch_size: int = Field(default=64, ge=1, le=MAX_COUNT, description="transitions per gradient step")
    n_epochs: int = Field(default=8, ge=1, le=MAX_COUNT, description="epochs over each rollout")
    gae_lambda: float = Field(default=0.95, ge=0, le=1, description="lambda of generalized advantage estimation")
    clip_epsilon: float = Field(default=0.2, gt=0, description="clipping range of the probability ratio around 1")
    value_clip_epsilon: float | None = Field(
        default=None, gt=0, description="clipping range of a value around the rollout's value; no clipping by default"
    )
    entropy_coef: float = Field(default=0.01, ge=0, description="weight of the policy's entropy in the loss")
    value_coef: float = Field(default=0.5, ge=0, description="weight of the value loss")
    normalize_advantage: bool = Field(
        default=True, description="normalizes the advantages of a batch to mean 0 and standard deviation 1"
    )
    target_kl: float | None = Field(
        default=None,
        gt=0,
        description="the epochs of an update end when the KL divergence exceeds 1.5 times this value",
    )

    @model_validator(mode="after")
    def _batch_fits_rollout(self) -> "PpoConfig":
        if self.batch_size > self.rollout_size:
            raise ValueError(f"batch_size {self.batch_size} is more than one rollout holds ({self.rollout_in_words()})")
        return self
