"""A study from the arguments of a Python call: checked as a spec file is, by the same code."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from fxai.errors import SpecError
from fxai.results.paths import StudyPaths
from fxai.spec.fingerprint import fingerprint
from fxai.spec.load import spec_of
from fxai.spec.objective import OwnFunction
from fxai.spec.study import StudySpec
from fxai.spec.yaml_source import YamlSource

_UNNAMED = "unnamed"
_PREFIX = "studies[0]."
_DIGITS = 8


def study_of(settings: dict[str, Any], caller: str, name: str | None) -> StudySpec:
    """The study; a `SpecError` names every argument at fault.

    Without a name it is named after what is searched: the same call goes on with the study that it began, and another
    begins one of its own.
    """
    given = {**settings, "study_name": name or _UNNAMED}
    try:
        (study,) = spec_of(YamlSource(caller, {"name": caller, "studies": [given]}, {})).studies
    except SpecError as error:
        problems = (replace(each, key=each.key.removeprefix(_PREFIX), line=None) for each in error.problems)
        raise SpecError(caller, tuple(problems)) from None
    if name is not None:
        return study
    made_of = json.dumps(fingerprint(study), sort_keys=True)
    digest = hashlib.sha256(made_of.encode()).hexdigest()[:_DIGITS]
    return study.model_copy(update={"study_name": f"{caller}_{digest}"})


def with_engine_folder(study: StudySpec, results_dir: Path) -> StudySpec:
    """The study with the place of its engine, which lies among its files."""
    if not isinstance(study.objective, OwnFunction):
        return study
    folder = StudyPaths(results_dir.absolute(), study.study_name).engine
    return study.model_copy(update={"objective": study.objective.model_copy(update={"folder": str(folder)})})
