"""Writes the spec of one study as YAML that depends on no preset, other file or flag."""

from pathlib import Path
from typing import Any

import yaml

from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.field_paths import as_custom_choice, parse_choice
from fxai.spec.fields.objective import CustomCode
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.study import StudySpec

_ALWAYS = frozenset(
    {"study_name", "metric_name", "direction", "sampler", "pruner", "n_trials", "seed", "training_config"}
)
_NEVER = {
    "preset",  # its settings are in the other fields
    "storage",  # may be a URL with a password
    "tracking",  # may differ where the file is used
}


def standalone_spec(study: StudySpec, header: str = "") -> str:
    """Returns a spec file that loads as this study, except for `storage` and `tracking`.

    `header` is written as a comment at the top.
    """
    document = {"name": study.study_name, "studies": [_document(study)]}
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    return comment + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _document(study: StudySpec) -> dict[str, Any]:
    whole = study.model_dump(mode="json", exclude=_NEVER)
    fields = StudySpec.model_fields
    shown = {
        name: value
        for name, value in whole.items()
        if name in _ALWAYS or getattr(study, name) != fields[name].get_default(call_default_factory=True)
    }
    if isinstance(study.objective, CustomCode):
        shown["objective"]["folder"] = _full(study.objective.folder)  # independent of the folder of this file
    if study.objectives:
        del shown["direction"]  # each objective has its own
    for name in ("fixed", "enqueue"):
        if name in shown:
            shown[name] = _as_written(shown[name])
    return {**shown, "parameters": [_parameter(each) for each in study.parameters]}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    """Returns a parameter in the file's form: by its type, without defaults."""
    whole = parameter.model_dump(mode="json", exclude={"kind", "log"}, exclude_defaults=True)
    if parameter.path == parameter.name:
        whole.pop("path", None)
    logarithmic = getattr(parameter, "log", False)
    kind = f"{parameter.kind}_log" if logarithmic else parameter.kind
    return {"name": whole.pop("name"), "type": kind, **{key: _as_written(value) for key, value in whole.items()}}


def _as_written(value: Any) -> Any:
    """Returns a value with its choices in the file's form: lists as lists, texts that look like lists as texts."""
    if isinstance(value, dict):
        return {key: _as_written(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_written(each) for each in value]
    read = parse_choice(value)
    return read if as_custom_choice(read) == value else value  # else a list in another spelling, which is kept as text


def _full(folder: str) -> str:
    """Returns the absolute path of a folder, or `folder` if it is absolute after expansion of its variables."""
    return folder if expanded_path(folder).is_absolute() else str(Path(folder).absolute())
