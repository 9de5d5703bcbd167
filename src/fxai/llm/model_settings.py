"""Which language model to load, and how."""

from dataclasses import dataclass
from typing import Literal

from fxai.spec.fields.llm_signal_config import LlmSignalConfig

QuantizationType = Literal["fp4", "nf4"]


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A causal language model."""

    name: str
    """A folder of Hugging Face's format, a GGUF file, or a name on the Hugging Face hub, such as `org/model`."""
    use_4bit: bool = False
    """Whether the linear layers are quantized to 4 bit, which takes an eighth of the memory of float32."""
    quantization_type: QuantizationType = "nf4"
    gradient_checkpointing: bool = False
    """Whether a backward pass computes the activations again: less memory, and a third more time."""


def model_settings(config: LlmSignalConfig) -> ModelSettings:
    """The settings of the model of a configuration."""
    model = config.model
    return ModelSettings(model.path, model.use_4bit, model.quantization_type, model.gradient_checkpointing)
