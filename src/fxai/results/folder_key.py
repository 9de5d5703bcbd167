"""Which study's files a results folder holds, by the key in its `.identity.json`.

A folder is named after its study, and another database may have a study of the same name.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fxai.errors import InputError
from fxai.results.paths import IDENTITY, StudyPaths
from fxai.search.attributes import KEY

if TYPE_CHECKING:  # commands that only look load no Optuna
    from optuna import Study


def key_in(folder: Path) -> str | None:
    """Of the study whose files a folder holds; None where the folder does not say, empty where it cannot be read."""
    try:
        document = json.loads((folder / IDENTITY).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return ""
    return str(document.get("study_key", "")) if isinstance(document, dict) else ""


def foreign_folder(paths: StudyPaths, user_attrs: Mapping[str, Any]) -> str | None:
    """Why a folder is not that of a study with these user attributes; None where it is, or where it does not say."""
    key = key_in(paths.directory)
    if key is None or key == user_attrs.get(KEY):
        return None
    return (
        f"{paths.directory} holds the files of another study named {paths.study!r}, by its {IDENTITY}; "
        "name the folder that has this study's files, or a new one, with --results-dir"
    )


def check_folder(paths: StudyPaths, user_attrs: Mapping[str, Any]) -> None:
    """Raise an `InputError` for a folder of another study."""
    if fault := foreign_folder(paths, user_attrs):
        raise InputError(fault)


def with_own_folder(
    studies: "Iterable[Study]", results_dir: Path, on_fault: Callable[[str], None]
) -> "Iterator[Study]":
    """Those of the studies whose folders are not another study's; `on_fault` is told of each that is left out."""
    for study in studies:
        fault = foreign_folder(StudyPaths(results_dir, study.study_name), study.user_attrs)
        if fault is None:
            yield study
        else:
            on_fault(fault)
