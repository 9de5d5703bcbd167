"""The network: of the policy and its critic, or of the action values."""

from typing import Literal

from pydantic import Field, model_validator

from fxai.spec.record import Record


class ModelConfig(Record):
    """An MLP over the flattened window; or a GRU or a small transformer over its bars."""

    type: Literal["mlp", "gru", "transformer"] = "mlp"
    d_model: int = Field(default=64, ge=1, description="width of each layer; of the GRU's hidden state")
    n_layers: int = Field(default=2, ge=1)
    n_heads: int = Field(default=4, ge=1, description="of the transformer's attention")
    d_ff: int | None = Field(default=None, ge=1, description="of the transformer; 4 * d_model unless given")
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide_width(self) -> "ModelConfig":
        if self.type == "transformer" and self.d_model % self.n_heads:
            raise ValueError(f"d_model {self.d_model} cannot be shared by {self.n_heads} heads")
        return self
