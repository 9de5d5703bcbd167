"""The `training_config` of `llm_signal`: prices, news, decisions, the language model and its adapter."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, JsonValue, ValidationError

from fxai.spec.fields.basket_config import BasketConfig
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.decision_config import DecisionConfig
from fxai.spec.fields.language_model_config import LanguageModelConfig, LoraConfig, SignalTrainingConfig
from fxai.spec.fields.news_config import NewsConfig
from fxai.spec.fields.record import Record

LOOKAHEAD: Final = "decisions.lookahead"


class LlmSignalConfig(Record):
    """The complete configuration of one training of signals."""

    data: DataConfig = Field(description="bars of the instruments, and splits; data.features has no effect")
    news: NewsConfig = Field(description="headlines on the instruments")
    decisions: DecisionConfig = Field(
        default_factory=DecisionConfig, description="what a decision reads, and the return that it is trained with"
    )
    baskets: BasketConfig = Field(
        default_factory=BasketConfig, description="the portfolio that scores signals, and its costs"
    )
    model: LanguageModelConfig = Field(description="language model")
    lora: LoraConfig = Field(default_factory=LoraConfig, description="adapter")
    training: SignalTrainingConfig = Field(default_factory=SignalTrainingConfig, description="training of the adapter")


def with_signal_defaults(written: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Returns a mapping with all defaults. An invalid one is unchanged, and its validation reports the faults."""
    try:
        config = LlmSignalConfig.model_validate(dict(written))
    except ValidationError:
        return dict(written)
    complete: dict[str, JsonValue] = config.model_dump(mode="json")
    return complete
