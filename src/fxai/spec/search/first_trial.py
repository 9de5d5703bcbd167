"""What trial 0 is called: the default configuration, or the starting point of own code that gives no defaults."""

from collections.abc import Mapping
from typing import Any, Final

from fxai.spec.fields.objective import FX_TRADING, is_custom
from fxai.spec.search.custom_config import CustomConfig, values_in
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.study import StudySpec

DEFAULTS: Final = "the default configuration"
STARTING_POINT: Final = "the starting point"
_NO_VALUES: Final = " (training_config holds no defaults for it)"


def first_trial(study: StudySpec) -> str:
    """What trial 0 of a study is called."""
    return STARTING_POINT if _without_values(study) else DEFAULTS


def first_trial_notes(study: StudySpec) -> tuple[str, ...]:
    """What to say of a trial 0 that is not made of the user's defaults; nothing where it is."""
    if not (names := _without_values(study)):
        return ()
    begins = f"each range's middle, or the first choice, of {', '.join(names)}"
    instead = "write defaults under training_config, and trial 0 takes them"
    return (f"trial 0 is a starting point, not your defaults: {begins}; {instead}",)


def _without_values(study: StudySpec) -> tuple[str, ...]:
    """The parameters of own code for which training_config holds no values."""
    if not isinstance(study.training_config, CustomConfig):
        return ()
    known = {**values_in(study.training_config), **study.fixed}
    return tuple(each.name for each in study.parameters if each.path not in known)


def first_trial_in(fingerprint: Mapping[str, Any]) -> str:
    """What trial 0 of a stored study is called; of one that FxAI did not make, what FxAI calls its own."""
    config = fingerprint.get("training_config")
    if not is_custom(fingerprint.get("objective", FX_TRADING)) or not isinstance(config, dict):
        return DEFAULTS
    known = {*values_in(CustomConfig(config)), *fingerprint.get("fixed", {})}
    return DEFAULTS if known >= set(paths_of(fingerprint).values()) else STARTING_POINT + _NO_VALUES
