"""The local folder in which a command works on results at a URL: brought up to date before, uploaded after."""

from collections.abc import Collection
from pathlib import Path

from fxai.errors import FxaiError, InputError
from fxai.mirror.location import local_folder, storage_in, url_of
from fxai.mirror.pull import Depth, locked, pull
from fxai.mirror.push import has_changes, push
from fxai.mirror.store import Store
from fxai.mirror.units import BESIDE, MirroredUnit
from fxai.spec.fields.defaults import STORAGE
from fxai.spec.fields.results_url import check_results_dir, results_url
from fxai.spec.fields.storage_url import shown
from fxai.spec.search.study import Spec

_OF_OTHERS = (".index.json", "test_looks.jsonl")
"""Files of all studies: those of the index page, and the looks at the test split, which are counted over studies."""


def working_folder(results_dir: str | Path, studies: Collection[str] | None, depth: Depth = Depth.TOP) -> Path:
    """The folder to work in: that of a URL, with what its store has, or `results_dir` itself.

    Args:
        results_dir: A folder or a URL.
        studies: Names of the studies that are needed; None for all.
        depth: How much of them.

    Raises:
        InputError: Results cannot be kept at the URL, or a package for it is missing.
        StoreError: The store cannot be reached.
    """
    url = results_url(results_dir) or url_of(results_dir)
    if url is None:
        return Path(results_dir)
    try:
        check_results_dir(url)
    except ValueError as error:
        raise InputError(f"results folder {shown(url)}: it {error}") from None
    store = Store(url)
    store.check()
    folder = local_folder(url)
    _update(MirroredUnit(folder, BESIDE), store, depth)
    for name in store.folders():
        if name.startswith("."):
            continue
        if studies is None or name in studies:
            _update(MirroredUnit(folder, name), store, depth)
        else:
            _update(MirroredUnit(folder, name), store, Depth.TOP, only=_OF_OTHERS)
    return folder


def with_working_folder(spec: Spec) -> Spec:
    """The spec with the working folder of its URL, and with the database in that folder if it names no database."""
    if results_url(spec.results_dir) is None and url_of(spec.results_dir) is None:
        return spec
    folder = working_folder(spec.results_dir, {study.study_name for study in spec.studies})
    studies = tuple(study.model_copy(update={"storage": storage_for(study.storage, folder)}) for study in spec.studies)
    return spec.model_copy(update={"results_dir": str(folder), "studies": studies})


def storage_for(storage: str, folder: Path) -> str:
    """The database of studies whose results are in the folder: `storage`, unless it is the default of other folders."""
    return storage_in(folder) if storage == STORAGE and url_of(folder) is not None else storage


def upload_changes(folder: Path) -> str | None:
    """Upload what a command has written into a working folder. Returns a message if that is not possible.

    A run of this machine that is mirroring a study uploads its files itself.
    """
    url = url_of(folder)
    if url is None:
        return None
    names = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    changed = [unit for unit in (MirroredUnit(folder, name) for name in (BESIDE, *names)) if has_changes(unit)]
    try:
        for unit in changed:
            with locked(unit) as alone:
                if alone:
                    push([unit], Store(url), everything=True, uploaded=lambda: None)
    except FxaiError as error:
        return f"{error}. What this command has written is in {folder}"
    return None


def _update(unit: MirroredUnit, store: Store, depth: Depth, only: Collection[str] | None = None) -> None:
    with locked(unit) as alone:
        if alone:
            pull(unit, store, depth, only)
