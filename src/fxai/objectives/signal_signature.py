"""Which trials of `llm_signal` may share a pack. No torch."""

import hashlib
import json

from fxai.spec.fields.llm_signal_config import LlmSignalConfig


def signature_of(config: LlmSignalConfig) -> str:
    """Hash of the fields in which the trials of a pack agree.

    These are the model, its adapted layers, and the largest answer: the dropout of a training depends on the number of
    answers, and must not depend on other trials.
    """
    model, layers = config.model.model_dump(mode="json"), sorted(config.lora.target_modules)
    shared = [model, layers, config.training.signal_strength]
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()[:16]
