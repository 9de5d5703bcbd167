"""Studies of the shipped specs by name."""

from pathlib import Path

from fxai.errors import InputError
from fxai.spec.find_spec import shipped_specs
from fxai.spec.load import load_spec
from fxai.spec.suggestion import did_you_mean


def find_spec_of_study(study_name: str) -> Path:
    """The shipped spec that has a study of this name."""
    spec_of_study = {study.study_name: path for path in shipped_specs() for study in load_spec(path).studies}
    if study_name in spec_of_study:
        return spec_of_study[study_name]
    known = ", ".join(f"{name} ({path.stem})" for name, path in spec_of_study.items())
    raise InputError(
        f"no shipped spec has a study {study_name!r}{did_you_mean(study_name, spec_of_study) or ';'} Studies: {known}"
    )
