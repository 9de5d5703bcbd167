"""Finds studies of the shipped specs by name."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.find_spec import shipped_specs
from fxai.spec.reading.load import load_spec


@dataclass(frozen=True, slots=True)
class ShippedStudies:
    """The specs by the names of their studies, and the specs that cannot be read with their errors."""

    specs: Mapping[str, Sequence[Path]]
    broken: Mapping[Path, InputError]


def shipped_studies() -> ShippedStudies:
    """Returns the studies of all shipped specs. Specs with faults are in `broken`."""
    specs: defaultdict[str, list[Path]] = defaultdict(list)
    broken: dict[Path, InputError] = {}
    for path in shipped_specs():
        try:
            for study in load_spec(path).studies:
                specs[study.study_name].append(path)
        except InputError as error:
            broken[path] = error
    return ShippedStudies(specs, broken)


def find_spec_of_study(study_name: str) -> Path:
    """Returns the shipped spec that has a study of this name.

    Raises:
        InputError: No valid spec has the study, or several have it. It also names the specs that cannot be read.
    """
    shipped = shipped_studies()
    found = shipped.specs.get(study_name, ())
    if len(found) == 1:
        return found[0]
    if found:
        listed = " and ".join(str(path) for path in found)
        raise InputError(f"several shipped specs have a study {study_name!r}: {listed}; choose one with --spec")
    known = ", ".join(f"{name} ({', '.join(path.stem for path in paths)})" for name, paths in shipped.specs.items())
    broken = "".join(f"\nskipped, because it cannot be read: {_first_line(error)}" for error in shipped.broken.values())
    raise InputError(
        f"no shipped spec has a study {study_name!r}{did_you_mean(study_name, shipped.specs) or ';'} "
        f"Studies: {known}{broken}"
    )


def _first_line(error: InputError) -> str:
    """Returns the first line of the message and the number of further lines."""
    first, *others = str(error).splitlines()
    return f"{first} (and {len(others)} more)" if others else first
