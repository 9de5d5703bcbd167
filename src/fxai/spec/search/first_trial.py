"""Names trial 0: the default configuration, or the starting point if custom code has no defaults."""

from collections.abc import Mapping
from typing import Any, Final

from fxai.spec.fields.objective import FX_TRADING, is_custom
from fxai.spec.search.custom_config import CustomConfig, values_in
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.study import StudySpec

DEFAULTS: Final = "the default configuration"
STARTING_POINT: Final = "the starting point"
_NO_VALUES: Final = " (training_config has no defaults for it)"


def first_trial(study: StudySpec) -> str:
    """Returns the name of trial 0 of a study."""
    return STARTING_POINT if _without_values(study) else DEFAULTS


def first_trial_notes(study: StudySpec) -> tuple[str, ...]:
    """Returns a notice if trial 0 does not consist of the user's defaults."""
    if not (names := _without_values(study)):
        return ()
    values = f"the middle of the range, or the first choice, of {', '.join(names)}"
    return (f"trial 0 is {STARTING_POINT}, with {values}; write defaults under training_config to use them instead",)


def _without_values(study: StudySpec) -> tuple[str, ...]:
    """Returns the parameters of custom code that have no values in training_config."""
    if not isinstance(study.training_config, CustomConfig):
        return ()
    known = {**values_in(study.training_config), **study.fixed}
    return tuple(each.name for each in study.parameters if each.path not in known)


def first_trial_in(fingerprint: Mapping[str, Any]) -> str:
    """Returns the name of trial 0 of a stored study; the default name if the study was not created by FxAI."""
    config = fingerprint.get("training_config")
    if not is_custom(fingerprint.get("objective", FX_TRADING)) or not isinstance(config, dict):
        return DEFAULTS
    known = {*values_in(CustomConfig(config)), *fingerprint.get("fixed", {})}
    return DEFAULTS if known >= set(paths_of(fingerprint).values()) else STARTING_POINT + _NO_VALUES
