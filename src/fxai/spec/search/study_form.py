"""A study as a program writes it, `StudySpec(parameters={...}, sampler="tpe")`, in the form of its record.

A spec file is read by `form.py`, which knows lines and keys of other programs too.
"""

from collections.abc import Mapping
from typing import Any

from fxai.spec.search.class_names import CLASSES, with_class
from fxai.spec.search.parameter_form import translate_parameter


def as_record(study: dict[str, Any]) -> dict[str, Any]:
    """Parameters by type become records, classes by short names their own; what has that form already stays.

    ValueError where a parameter is at fault.
    """
    classes = {kind: with_class(kind, study[kind]) for kind in CLASSES if isinstance(study.get(kind), str | dict)}
    written = study.get("parameters")
    if isinstance(written, Mapping):
        written = [{**each, "name": name} if isinstance(each, Mapping) else each for name, each in written.items()]
    if not isinstance(written, list | tuple):
        return {**study, **classes}
    return {**study, **classes, "parameters": [_parameter(each) for each in written]}


def _parameter(written: Any) -> Any:
    if not isinstance(written, dict) or "kind" in written:
        return written
    translation = translate_parameter(written)
    if translation.faults:
        name = written.get("name", "a parameter")
        raise ValueError("; ".join(f"{name}: {key}: {message}" for key, message in translation.faults))
    return translation.node
