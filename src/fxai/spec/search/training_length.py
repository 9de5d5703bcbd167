"""The length of one training of a trial, by the trial's configuration: for progress, and for the cost of a race."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fxai.spec.fields.ensemble_members import count_members
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.signal_config import signal_config


@dataclass(frozen=True, slots=True)
class TrainingLength:
    """The length of a training on one seed, of one fold."""

    steps: int  # step of its last report
    cost: float  # in `unit`; the trials' `env_steps` count the same
    unit: str
    is_most: bool = False  # whether a training may cost less than `cost`


def training_length(objective: str, config: Mapping[str, Any]) -> TrainingLength:
    """The length of a training.

    Args:
        objective: `fx_trading` or `llm_signal`.
        config: Configuration of the trial.
    """
    if objective == LLM_SIGNAL:  # a mini-batch has prompts of one length, and may have fewer than batch_size
        signals = signal_config(config).training
        most = float(signals.max_train_steps * signals.batch_size)
        return TrainingLength(signals.max_train_steps, most, "prompts of training", is_most=True)
    trading = TrainingConfig.model_validate(config)
    updates = trading.training.total_updates
    cost = updates * trading.training.rollout_size * count_members(trading)
    return TrainingLength(updates, float(cost), "environment steps")
