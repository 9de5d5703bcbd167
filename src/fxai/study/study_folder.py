"""Takes the results folder of a study that is to run, and renames a folder that holds another study's files.

A folder is named after its study. Another database, or a deleted one, may have a study of the same name.
`.identity.json` in the folder holds the key of the study whose files are in it.
"""

import json
from collections.abc import Collection
from pathlib import Path

from fxai.atomic_write import write_text
from fxai.errors import FxaiError, InputError
from fxai.results.folder_key import key_in
from fxai.results.paths import StudyPaths
from fxai.results.transfer_file import write_transfer
from fxai.search.open_search import archived_name
from fxai.search.study import Search
from fxai.spec.reading.transfer_spec import TransferSpec


def take_study_folder(
    paths: StudyPaths,
    search: Search,
    transfer_spec: TransferSpec | None,
    *,
    fresh: bool = False,
    keep_engine: bool = True,
) -> tuple[str, ...]:
    """Make the folder the study's own. Returns notices of renamed folders and of files that cannot be written.

    The folder of another study is renamed as a whole, so that neither its checkpoints nor its results are used for
    this study. If an earlier run of another study has renamed this study's folder, the folder is renamed back. The
    file of `fxai transfer` and, with `keep_engine`, the training engine stay in the folder, since they are no results.
    """
    notices: list[str] = []
    key, engine = search.identity.key, paths.engine
    if paths.directory.exists() and (fresh or _is_anothers(paths, key, begun=search.counts().begun)):
        taken = (*names_in(paths.results_folder), *search.study_names())
        archived = paths.directory.with_name(search.archived_as or archived_name(paths.study, taken))
        _rename(paths.directory, archived)
        engine = archived / engine.name
        notices += [] if fresh else [f"{paths.directory} held the files of another study; they are in {archived} now."]
    if not paths.directory.exists() and (own := _renamed_before(paths, key)) is not None:
        _rename(own, paths.directory)
        notices.append(f"{own} held the files of this study; they are in {paths.directory} again.")
    try:
        write_text(paths.identity, json.dumps({"study": paths.study, "study_key": key}, indent=2) + "\n")
    except FxaiError as error:  # as if the disk is full; the study continues, since its trials are in the database
        return (*notices, str(error))
    if keep_engine and engine.exists() and not paths.engine.exists():
        _rename(engine, paths.engine)
    if transfer_spec is not None and not paths.transfer.exists():
        write_transfer(paths.transfer, transfer_spec, paths.study)
    return tuple(notices)


def _is_anothers(paths: StudyPaths, key: str, *, begun: int) -> bool:
    """Whether the folder is another study's.

    The folder of an earlier release has no key. It is another study's if this study has no trial yet.
    """
    left = key_in(paths.directory)
    if left is not None:
        return left != key
    return not begun and (paths.trials.is_dir() or paths.results.is_file())


def _renamed_before(paths: StudyPaths, key: str) -> Path | None:
    beginning = f"{paths.study}~"
    archived = [paths.results_folder / name for name in names_in(paths.results_folder) if name.startswith(beginning)]
    return next((path for path in archived if key_in(path) == key), None)


def names_in(results_dir: Path) -> Collection[str]:
    """The names in a folder of results."""
    return [path.name for path in results_dir.iterdir()] if results_dir.exists() else []


def _rename(folder: Path, to: Path) -> None:
    try:
        folder.rename(to)
    except OSError as error:
        raise InputError(
            f"{folder} holds the files of another study and cannot be renamed to {to}: {error.strerror}; "
            "give another --results-dir"
        ) from error
