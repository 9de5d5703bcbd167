"""What a stored study is, besides its objectives and its trials, from its attributes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fxai.search import attributes
from fxai.search.metric_goals import StudyLike, first_goal, goals_of, is_trading
from fxai.spec.fields.objective import FX_TRADING, LLM_SIGNAL
from fxai.spec.search.metrics import value_of_doing_nothing


@dataclass(frozen=True, slots=True)
class StudyTraits:
    """What a stored study is, besides its objectives and its trials."""

    key: str | None = None  # that the study drew when it began
    trading: bool = False  # whether FxAI measures its metrics
    may_be_judged: bool = False  # whether a verdict can test its best trial on a test split
    doing_nothing: float | None = None  # value of an agent that never trades; None if the metric has no such value
    has_instruments: bool = False  # whether its data are named instruments

    @classmethod
    def of(cls, study: StudyLike) -> "StudyTraits":
        """Read the attributes of a study."""
        key, stored = study.user_attrs.get(attributes.KEY), study.user_attrs.get(attributes.FINGERPRINT)
        trading = is_trading(study)
        if not isinstance(stored, dict) or not trading:
            return cls(key)
        of_agents = stored.get("objective", FX_TRADING) in (FX_TRADING, LLM_SIGNAL)
        single = of_agents and len(study.directions) == 1 and "search" not in stored
        validation = _field(stored, "training_config.data.split.validation", absent="")
        penalty = _field(stored, "training_config.env.reward.hold_penalty_per_step", absent=0.0)
        metric = goals_of(study)[first_goal(study)].metric
        return cls(
            key=key,
            trading=True,
            may_be_judged=single and validation is not None,
            doing_nothing=value_of_doing_nothing(metric, penalty),
            has_instruments=_has_instruments(stored),
        )


UNKNOWN_STUDY = StudyTraits()


def _has_instruments(stored: Mapping[str, Any]) -> bool:
    """Whether the data of a fingerprint are named instruments."""
    named = _field(stored, "training_config.data.instruments", absent=None)
    return named is not None or isinstance(_field(stored, "data.source", absent=""), Mapping)


def _field(record: Mapping[str, Any], path: str, absent: Any) -> Any:
    """A field of a stored fingerprint by its dotted path."""
    found: Any = record
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return absent
        found = found[name]
    return found
