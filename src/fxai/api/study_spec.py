"""Makes a study from the arguments of a Python call, with the same checks as for a spec file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fxai.api.optuna_objects import is_object_of, spec_entry
from fxai.api.search_space import json_value
from fxai.errors import SpecError
from fxai.results.paths import StudyPaths
from fxai.spec.fields.objective import PythonFunction
from fxai.spec.reading.load import spec_of
from fxai.spec.search.class_names import CLASSES
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import YamlSource

_PREFIX = "studies[0]."


def study_of(settings: dict[str, Any], caller: str, name: str | None = None) -> StudySpec:
    """The study of the settings. Without a name it has the caller's name for now.

    Raises:
        SpecError: The message names every wrong argument.
    """
    given = {**settings, "study_name": caller if name is None else name}
    try:
        (study,) = spec_of(YamlSource(caller, {"name": caller, "studies": [given]}, {})).studies
    except SpecError as error:
        problems = (replace(each, key=each.key.removeprefix(_PREFIX), line=None) for each in error.problems)
        raise SpecError(caller, tuple(problems)) from None
    return study


def spec_of_mapping(mapping: Mapping[str, Any], caller: str) -> Spec:
    """The spec of a mapping with the keys of a spec or of one study.

    The mapping may contain NumPy numbers, and Optuna's samplers and pruners.

    Raises:
        SpecError: The message names every wrong key.
    """
    studies = mapping.get("studies", [mapping])
    if isinstance(studies, Sequence) and not isinstance(studies, str):
        studies = [_plain_study(each) for each in studies]
    further = mapping if "studies" in mapping else {}
    name = mapping.get("study_name", caller)
    try:
        return spec_of(YamlSource(caller, {"name": str(name), **json_value({**further, "studies": studies})}, {}))
    except SpecError as error:
        raise SpecError(caller, tuple(replace(each, line=None) for each in error.problems)) from None


def _plain_study(study: Any) -> Any:
    if not isinstance(study, Mapping):
        return study
    given = {kind: study[kind] for kind in CLASSES if kind in study}
    objects = {kind: spec_entry(kind, value) for kind, value in given.items() if is_object_of(kind, value)}
    return {**study, **objects}


def with_engine_folder(study: StudySpec, results_dir: Path) -> StudySpec:
    """The study with the path of its engine, which is in its results folder."""
    if not isinstance(study.objective, PythonFunction):
        return study
    folder = StudyPaths(results_dir.absolute(), study.study_name).engine
    return study.model_copy(update={"objective": study.objective.model_copy(update={"folder": str(folder)})})
