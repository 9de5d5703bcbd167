"""A study from the arguments of a Python call: checked as a spec file is, by the same code."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from fxai.errors import SpecError
from fxai.results.paths import StudyPaths
from fxai.spec.load import spec_of
from fxai.spec.objective import OwnFunction
from fxai.spec.study import StudySpec
from fxai.spec.yaml_source import YamlSource

_PREFIX = "studies[0]."


def study_of(settings: dict[str, Any], caller: str, name: str | None = None) -> StudySpec:
    """The study; a `SpecError` names every argument at fault. Without a name it has the caller's for the moment."""
    given = {**settings, "study_name": caller if name is None else name}
    try:
        (study,) = spec_of(YamlSource(caller, {"name": caller, "studies": [given]}, {})).studies
    except SpecError as error:
        problems = (replace(each, key=each.key.removeprefix(_PREFIX), line=None) for each in error.problems)
        raise SpecError(caller, tuple(problems)) from None
    return study


def with_engine_folder(study: StudySpec, results_dir: Path) -> StudySpec:
    """The study with the place of its engine, which lies among its files."""
    if not isinstance(study.objective, OwnFunction):
        return study
    folder = StudyPaths(results_dir.absolute(), study.study_name).engine
    return study.model_copy(update={"objective": study.objective.model_copy(update={"folder": str(folder)})})
