"""The objective `llm_signal`: trains adapters of a language model that answers signals to news, and scores them.

Its trials are lanes. This module imports neither torch nor transformers, so that the parent process can compute
signatures; `signal_lanes.py` trains.
"""

from fxai.objectives.signal_signature import signature_of
from fxai.protocol import JsonObject, LanePlan, Lanes, Slot
from fxai.spec.fields.llm_signal_config import LlmSignalConfig


def signature(config: JsonObject) -> str:
    """Hash of the fields in which the trials of a pack agree; see `LaneObjective`."""
    return signature_of(LlmSignalConfig.model_validate(config))


def open_lanes(plan: LanePlan, slot: Slot) -> Lanes:
    """Lanes for a study on this slot; see `LaneObjective`."""
    from fxai.objectives.signal_lanes import SignalLanes  # noqa: PLC0415 - imports torch, which only workers need

    return SignalLanes(plan, slot)
