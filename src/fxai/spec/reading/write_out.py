"""A study's spec as YAML with nothing taken from elsewhere: no preset, no other file, no flag."""

from pathlib import Path
from typing import Any

import yaml

from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.field_paths import as_custom_choice, list_of
from fxai.spec.fields.objective import CustomCode
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.study import StudySpec

_ALWAYS = frozenset(
    {"study_name", "metric_name", "direction", "sampler", "pruner", "n_trials", "seed", "training_config"}
)
_NEVER = {
    "preset",  # what it gave is in the other fields
    "storage",  # where the study was kept, which may be a server's address with a password
    "tracking",  # and where it was sent to
}


def written_whole(study: StudySpec, header: str = "") -> str:
    """A spec file of that one study, which loads as the same study; `header` becomes a comment.

    Only where it was kept and sent to is left out.
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
        shown["objective"]["folder"] = _full(study.objective.folder)  # wherever this file lies
    if study.objectives:
        del shown["direction"]  # each has its own
    for name in ("fixed", "enqueue"):
        if name in shown:
            shown[name] = _as_written(shown[name])
    return {**shown, "parameters": [_parameter(each) for each in study.parameters]}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    """As it is written in a spec: by its type, without what is as it would be anyway."""
    whole = parameter.model_dump(mode="json", exclude={"kind", "log"}, exclude_defaults=True)
    if parameter.path == parameter.name:
        whole.pop("path", None)
    logarithmic = getattr(parameter, "log", False)
    kind = f"{parameter.kind}_log" if logarithmic else parameter.kind
    return {"name": whole.pop("name"), "type": kind, **{key: _as_written(value) for key, value in whole.items()}}


def _as_written(value: Any) -> Any:
    """Choices as a spec has them, wherever they stand: lists as lists, texts that look like lists as texts."""
    if isinstance(value, dict):
        return {key: _as_written(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_written(each) for each in value]
    read = list_of(value)
    return read if as_custom_choice(read) == value else value  # else a list in another spelling, which is kept


def _full(folder: str) -> str:
    """A full path; as it is written where its variables make one of it."""
    return folder if expanded_path(folder).is_absolute() else str(Path(folder).absolute())
