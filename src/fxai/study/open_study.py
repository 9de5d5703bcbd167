"""Opens a study for a run: checks its paths, holds its locks, opens its database, takes its results folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import FingerprintError, InputError, StudyNotFoundError
from fxai.results.folder_key import key_in
from fxai.results.paths import StudyPaths
from fxai.search.attributes import FINGERPRINT, KEY
from fxai.search.custom_classes import check_imported
from fxai.search.database import is_server, sqlite_path
from fxai.search.lock import RenewLock, hold_folder, hold_study
from fxai.search.open_search import check_fingerprint, open_search
from fxai.search.open_tables import open_tables
from fxai.search.sqlite_file import check_sqlite
from fxai.search.studies import stored_study
from fxai.search.study import Search
from fxai.search.study_lease import StudyLease
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from fxai.study.load_transfer import LoadedTransfer
from fxai.study.study_folder import names_in, take_study_folder
from fxai.study.write_results import spec_as_it_ran
from fxai.tracking import check_trackers
from fxai.user_folders import state_directory

WriteEngine = Callable[[Path], None]
"""Writes a training engine into a folder."""


@dataclass(frozen=True, slots=True)
class OpenedStudy:
    """A study with an open database and a results folder of its own."""

    search: Search
    notices: tuple[str, ...] = ()  # renamed folders, and files that could not be written


def check_study(study: StudySpec) -> None:
    """Check the user's sampler and pruner classes and the trackers. A command with several studies checks all first.

    Raises:
        InputError: a class or a tracker cannot be used.
    """
    check_imported(study)
    check_trackers(study.tracking)


@contextmanager
def hold(study: StudySpec, paths: StudyPaths, lease: StudyLease | None = None) -> Iterator[RenewLock]:
    """Hold the locks of the study's database and folder; what writes to the database calls the yielded function.

    Args:
        study: the study.
        paths: its paths.
        lease: of a study that several runs have joined. It replaces the lock of the database.

    Raises:
        InputError: the folder or the database cannot be used. Nothing is written then.
    """
    check_places(study, paths)
    if lease is not None:
        with hold_folder(paths.directory, required=not _is_own_folder(study, paths)):
            yield lease.renew
        return
    with hold_study(study.storage, study.study_name, state_directory()) as renew_lock, hold_folder(paths.directory):
        yield renew_lock


def check_places(study: StudySpec, paths: StudyPaths) -> None:
    """Check that the study's folder and database can be used. The tables on a server are created.

    Raises:
        InputError: the folder or the database cannot be used. Nothing is written then.
    """
    _check_folder(paths.directory)
    _check_database(study.storage)


def _is_own_folder(study: StudySpec, paths: StudyPaths) -> bool:
    """Whether the folder has the files of this study. A former owner of the study may still hold its lock."""
    try:
        with stored_study(study.storage, study.study_name) as stored:
            return key_in(paths.directory) == stored.user_attrs.get(KEY)
    except StudyNotFoundError:
        return False


def check_same_study(loaded: LoadedTransfer, paths: StudyPaths) -> bool:
    """Check that the study in the database has the same fingerprint. False if no run has begun it yet.

    Raises:
        FingerprintError: the fingerprints differ.
    """
    study = loaded.study
    try:
        with stored_study(study.storage, study.study_name) as stored:
            kept = stored.user_attrs
    except StudyNotFoundError:
        return False
    if FINGERPRINT not in kept:
        return False
    with _naming_transfer(loaded, paths):
        check_fingerprint(study.study_name, kept, fingerprint(study), loaded.transfer_spec)
    return True


@contextmanager
def open_study(
    loaded: LoadedTransfer,
    paths: StudyPaths,
    renew_lock: RenewLock,
    *,
    fresh: bool,
    write_engine: WriteEngine | None,
) -> Iterator[OpenedStudy]:
    """Open the database and make the results folder the study's own. The caller holds the locks."""
    with _open_search(loaded, paths, renew_lock, fresh=fresh) as search:
        keep_engine = write_engine is None
        renamed = take_study_folder(paths, search, loaded.transfer_spec, fresh=fresh, keep_engine=keep_engine)
        if write_engine is not None:
            write_engine(paths.engine)
        yield OpenedStudy(search, (*renamed, *spec_as_it_ran(loaded.study, paths)))


def _open_search(loaded: LoadedTransfer, paths: StudyPaths, renew_lock: RenewLock, *, fresh: bool) -> Search:
    study = loaded.study
    with _naming_transfer(loaded, paths):
        return open_search(
            study,
            study.storage,
            fingerprint=fingerprint(study),
            default_params=default_params(study),
            fresh=fresh,
            taken=names_in(paths.results_folder),
            transfer_spec=loaded.transfer_spec,
            renew_lock=renew_lock,
        )


@contextmanager
def _naming_transfer(loaded: LoadedTransfer, paths: StudyPaths) -> Iterator[None]:
    """Name the file of the transfer in the message of a `FingerprintError`."""
    try:
        yield
    except FingerprintError as error:
        if loaded.transfer_spec is None:
            raise
        raise FingerprintError(
            f"{error}. {paths.transfer} changes the spec; delete that file to run the spec unchanged"
        ) from None


def _check_folder(folder: Path) -> None:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"cannot write the results to {folder}: {nearest} is a file; give another --results-dir")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"cannot write the results to {folder}: {nearest} is not writable; give another --results-dir")


def _check_database(url: str) -> None:
    """Check the database file, before the lock file is made beside it, or the tables on a server, which it creates."""
    path = sqlite_path(url)
    if path is not None:
        check_sqlite(path)
    elif is_server(url):
        open_tables(url, create=True).engine.dispose()
