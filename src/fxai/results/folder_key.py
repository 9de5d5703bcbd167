"""Checks by the key in `.identity.json` whether a results folder has the files of a study.

A folder has the name of its study. Another database may have a study of the same name.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fxai.errors import InputError
from fxai.results.paths import IDENTITY, StudyPaths
from fxai.search.attributes import KEY

if TYPE_CHECKING:  # commands that only read do not load Optuna
    from optuna import Study


def key_in(folder: Path) -> str | None:
    """The key of the study whose files a folder has; None without an identity, empty if it cannot be read."""
    try:
        document = json.loads((folder / IDENTITY).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return ""
    return str(document.get("study_key", "")) if isinstance(document, dict) else ""


def foreign_folder(paths: StudyPaths, user_attrs: Mapping[str, Any]) -> str | None:
    """Why a folder has the files of another study than the one with these user attributes.

    Returns:
        The message; None if the folder has this study's files, or no identity.
    """
    key = key_in(paths.directory)
    if key is None or key == user_attrs.get(KEY):
        return None
    return (
        f"{paths.directory} holds the files of another study named {paths.study!r} (see its {IDENTITY}); name the "
        "folder with this study's files, or a new folder, with --results-dir"
    )


def check_folder(paths: StudyPaths, user_attrs: Mapping[str, Any]) -> None:
    """Raise `InputError` if the folder has the files of another study."""
    if fault := foreign_folder(paths, user_attrs):
        raise InputError(fault)


def with_own_folder(
    studies: "Iterable[Study]", results_dir: Path, on_fault: Callable[[str], None]
) -> "Iterator[Study]":
    """The studies whose folders do not have the files of another study; `on_fault` gets a message for each other."""
    for study in studies:
        fault = foreign_folder(StudyPaths(results_dir, study.study_name), study.user_attrs)
        if fault is None:
            yield study
        else:
            on_fault(fault)
