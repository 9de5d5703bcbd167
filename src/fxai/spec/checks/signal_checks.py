"""Cross-field checks of a study of signals."""

from collections.abc import Iterator

from fxai.errors import SpecError
from fxai.spec.checks.field_values import misfits, refusal
from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.findings import Finding
from fxai.spec.search.signal_config import SAME_FOR_ALL, signal_config, signal_fields
from fxai.spec.yaml.yaml_source import KeyPath

_SAME = "must be the same for all trials, because it decides how they are scored; write it under training_config"


def signal_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields unknown fields, fields that must be the same for all trials, and values that a field refuses."""
    for place, name, path in study.names:
        if fault := _fault_of_path(path):
            yield Finding((*place, "name" if path == name else "path"), fault)
    for place, parameter in study.parameters:
        if _fault_of_path(parameter.path) is None:
            yield from misfits(place, parameter, signal_fields()[parameter.path])
    for path, value in study.fixed.items():
        fault = _fault_of_path(path) or refusal(signal_fields()[path], value)
        if fault is not None:
            yield Finding(("fixed", path), fault)
    if isinstance(study.config, CustomConfig):
        yield from _split_problems(study.config)


def _fault_of_path(path: str) -> str | None:
    if path not in signal_fields():
        if any(each.startswith(f"{path}.") for each in signal_fields()):
            return f"{path!r} is a section of training_config; name one of its keys"
        return f"training_config has no {path!r}{did_you_mean(path, signal_fields())}"
    return f"{path!r} {_SAME}" if path.startswith(SAME_FOR_ALL) else None


def _split_problems(config: CustomConfig) -> Iterator[Finding]:
    try:
        split = signal_config(config.root).data.split
    except SpecError:  # the validation of the record reports the error
        return
    where: KeyPath = ("training_config", "data", "split")
    for key in ("walk_forward", "combinatorial", "validation_episodes"):
        if getattr(split, key) is not None:
            yield Finding((*where, key), "decisions on news have one train, validation and test split; remove it")
