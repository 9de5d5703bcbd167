"""The sections `model`, `lora` and `training` of `llm_signal`: the language model, its adapter, and the training."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.environment import check_bare
from fxai.spec.fields.record import LATER, Record

MAX_RANK: Final = 1_024
MAX_STRENGTH: Final = 100  # the answers are integers up to it, so their number is twice as large


def _is_absent(value: date | None) -> bool:
    return value is None


class LanguageModelConfig(Record):
    """A causal language model, whose own weights are not trained."""

    path: Annotated[str, Field(min_length=1), AfterValidator(check_bare)] = Field(
        description="folder in Hugging Face's format, or GGUF file, looked up in the folder of the spec, then in the "
        "current folder; or a name on the Hugging Face hub, such as org/model. ${NAME} is an environment variable",
    )
    use_4bit: bool = Field(
        default=False, description="whether the linear layers are quantized to 4 bit, by bitsandbytes"
    )
    quantization_type: Literal["fp4", "nf4"] = Field(default="nf4", description="type of the numbers of 4 bit")
    gradient_checkpointing: bool = Field(
        default=False,
        description="whether a backward pass computes the activations again: less memory, and a third more time",
    )
    knowledge_until: Annotated[date | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="date of the latest text that the model itself was trained on; without it, or with test bars that "
        "are not after it, the verdict says that the model may have read what came next",
    )


class LoraConfig(Record):
    """The LoRA adapter that is trained: each adapted layer adds alpha / r * B A dropout(x)."""

    r: int = Field(default=30, ge=1, le=MAX_RANK, description="rank of the adapter's matrices")
    alpha: float = Field(default=16.0, gt=0, description="the adapter's part is multiplied by alpha / r")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="dropout of the adapter's inputs in training")
    target_modules: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=("q_proj", "v_proj"), description="adapted linear layers: the last parts of their names"
    )


class SignalTrainingConfig(Record):
    """How an adapter is trained. One training step is one mini-batch."""

    signal_strength: int = Field(
        default=10, ge=1, le=MAX_STRENGTH, description="the model answers a whole number from -this to this"
    )
    learning_rate: float = Field(default=1e-5, gt=0, le=1, description="learning rate of Adam")
    reward_scaling: float = Field(
        default=1.0, gt=0, description="factor on the reward, which is signal / signal_strength times the return"
    )
    max_train_steps: int = Field(default=50, ge=1, le=MAX_COUNT, description="number of training steps")
    batch_size: int = Field(
        default=8,
        ge=1,
        le=MAX_COUNT,
        description="decisions of a training step; fewer where fewer prompts have one length",
    )
    eval_frequency: int = Field(
        default=10, ge=1, le=MAX_COUNT, description="training steps between two scores on validation"
    )
    gradient: Literal["expected", "sampled"] = Field(
        default="expected",
        description="expected: gradient of the mean reward over all answers; sampled: REINFORCE with sampled answers",
    )
