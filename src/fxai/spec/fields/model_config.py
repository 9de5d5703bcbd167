"""The section `model`: the network of the policy and the critic, or of the action values."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fxai.spec.fields.record import LATER, Record

MAX_LAYERS = 8  # most layers whose widths can be given and searched separately
Width = Annotated[int, Field(ge=1, le=100_000)]


class ModelConfig(Record):
    """An MLP over the flattened window of bars, or a GRU or a small transformer over the bars."""

    type: Literal["mlp", "gru", "transformer"] = Field(default="mlp", description="kind of network")
    d_model: int = Field(
        default=64, ge=1, le=100_000, description="width of each layer; size of the GRU's hidden state"
    )
    n_layers: int = Field(default=2, ge=1, le=1_000, description="number of layers of this width")
    widths: Annotated[tuple[Width, ...] | None, LATER] = Field(
        default=None,
        min_length=1,
        max_length=MAX_LAYERS,
        description="width of each layer of an MLP, instead of d_model and n_layers",
    )
    n_heads: int = Field(default=4, ge=1, le=100_000, description="attention heads of the transformer")
    d_ff: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="width of the transformer's feed-forward layers; 4 * d_model by default",
    )
    dropout: float = Field(
        default=0.0, ge=0, lt=1, description="dropout: share of the outputs of a layer set to zero in training"
    )

    @model_validator(mode="after")
    def _check_heads(self) -> "ModelConfig":
        if self.type == "transformer" and self.d_model % self.n_heads:
            raise ValueError(f"d_model {self.d_model} must be divisible by n_heads {self.n_heads}")
        return self

    @property
    def hidden_widths(self) -> tuple[int, ...]:
        """Widths of the hidden layers of an MLP."""
        return self.widths or (self.d_model,) * self.n_layers

    @model_validator(mode="after")
    def _check_widths(self) -> "ModelConfig":
        if self.widths is not None and self.type != "mlp":
            raise ValueError(f"widths applies to type mlp only; set d_model and n_layers for a {self.type}")
        return self
