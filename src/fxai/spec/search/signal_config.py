"""The `training_config` of `llm_signal` in a study: its fields, its defaults, and the gap of its splits.

The study holds it as a mapping, as that of custom code. `LlmSignalConfig` validates the mapping.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from fxai.errors import SpecError
from fxai.spec.fields.field_paths import leaf_fields
from fxai.spec.fields.llm_signal_config import LOOKAHEAD, LlmSignalConfig
from fxai.spec.search.custom_config import CustomConfig, with_json
from fxai.spec.search.findings import as_problems, findings_of
from fxai.spec.search.parameters import CategoricalParameter
from fxai.spec.search.study import StudySpec

SAME_FOR_ALL: Final = ("data.", "news.", "baskets.", "decisions.gap", "model.path", "model.knowledge_until")
"""Beginnings of the paths of fields that all trials share, because they decide how trials are scored and judged."""

_GAP = "decisions.gap"


@cache
def signal_fields() -> Mapping[str, FieldInfo]:
    """Returns the fields by dotted path."""
    return dict(leaf_fields(LlmSignalConfig))


def signal_config(config: Mapping[str, Any]) -> LlmSignalConfig:
    """Returns the record of a mapping.

    Raises:
        SpecError: The mapping is invalid.
    """
    tree = dict(config)
    try:
        return LlmSignalConfig.model_validate(tree)
    except ValidationError as error:
        raise SpecError("training_config", as_problems(findings_of(error, tree))) from None


def with_gap(study: StudySpec) -> StudySpec:
    """Returns the study with the number of bars between its splits: that it has, or the longest look-ahead of a trial.

    All trials are scored on the same bars, so the gap fits the whole search space.
    """
    config = study.training_config
    if not isinstance(config, CustomConfig):
        return study
    given = signal_config(config.root).decisions
    if given.gap is not None:
        return study
    lengths = [given.lookahead, study.fixed.get(LOOKAHEAD, 0)]
    for each in study.parameters:
        if each.path == LOOKAHEAD:
            lengths += each.choices if isinstance(each, CategoricalParameter) else (each.high,)
    longest = max(int(length) for length in lengths if isinstance(length, int | float))
    return study.model_copy(update={"training_config": CustomConfig(with_json(config, {_GAP: longest}))})
