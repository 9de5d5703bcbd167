"""The spread of studies that began before `auto` was the default of `data.spread_column` and `data.spread_unit`.

These studies used no column unless one was named, and units of price. A study that is resumed keeps that.
"""

from collections.abc import Mapping
from typing import Any

from fxai.spec.fields.data_config import SPREAD_BEFORE_AUTO
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.study import StudySpec


def with_earlier_spread(study: StudySpec) -> StudySpec:
    """Returns the study with the earlier defaults in place of `auto`."""
    return _with_spread(study, SPREAD_BEFORE_AUTO)


def with_stored_spread(study: StudySpec, begun: Mapping[str, Any]) -> StudySpec:
    """Returns the study with the spread with which it began, where the study has `auto`.

    Args:
        study: The study of the spec.
        begun: The fingerprint stored with the study.
    """
    node: Any = begun
    for key in ("training_config", "data"):
        node = node.get(key) if isinstance(node, Mapping) else None
    return _with_spread(study, node) if isinstance(node, Mapping) else study


def _with_spread(study: StudySpec, values: Mapping[str, Any]) -> StudySpec:
    config = study.training_config
    if not isinstance(config, TrainingConfig):
        return study
    taken = {key: values[key] for key in SPREAD_BEFORE_AUTO if key in values and getattr(config.data, key) == "auto"}
    if all(value == "auto" for value in taken.values()):
        return study
    data = config.data.model_copy(update=taken)
    return study.model_copy(update={"training_config": config.model_copy(update={"data": data})})
