"""Copies the user's files that trials need, so that Ray can take them to nodes that do not share the parent's folders.

Code is copied without results, environments and repositories. Data above a limit are not copied: they have to be on the
nodes under the same path.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fxai.errors import InputError
from fxai.pool.ray.messages import NodeFiles, ShippedPath
from fxai.pool.remote.messages import FolderProbe
from fxai.spec.checks.lane_memory import format_gigabytes
from fxai.spec.fields.data_config import NAMED_SOURCE, DataConfig
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.objective import LLM_SIGNAL, folder_of, returns_positions
from fxai.spec.fields.source_paths import source_paths
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.positions_config import scored_market
from fxai.spec.search.signal_config import signal_config
from fxai.spec.search.study import StudySpec

MOST_CODE_BYTES = 100_000_000
MOST_FILE_BYTES = 20_000_000  # a larger file beside code is left out
MOST_DATA_BYTES = 400_000_000
_EXCLUDED = {
    ".git",
    ".hg",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
}
_DATABASES = {".db", ".sqlite", ".sqlite3"}
_STAGED = "fxai_files"  # in the working directory of the actors
_WORKING_DIR = "working_dir"


@contextmanager
def staged_files(study: StudySpec, package: Path, version: str, *, send: bool) -> Iterator[NodeFiles]:
    """The files for the nodes, in a folder that is deleted at the end.

    Args:
        study: The study.
        package: Folder of the package fxai.
        version: Version of the package.
        send: Whether there may be nodes on other machines; without them, nothing is copied.

    Raises:
        InputError: The folder of the user's code is too large to be sent.
    """
    with tempfile.TemporaryDirectory(prefix="fxai_files_") as name:
        folder = Path(name)
        probe = FolderProbe(folder / "probe", secrets.token_hex(16))
        probe.file.write_text(probe.content)
        if not send:
            yield NodeFiles(package, version, Path.cwd(), probe)
            return
        own = _own_working_dir(study)
        working_dir = folder / "working_dir"
        shipped = (*_code(study, working_dir, own), *_data(study, working_dir))
        yield NodeFiles(
            package,
            version,
            Path.cwd(),
            probe,
            working_dir if own is None and working_dir.exists() else own,
            shipped,
            tuple(sources_of(study)),
        )


def sources_of(study: StudySpec) -> Iterator[str]:
    """The paths of the study's data files as the spec has them. Named data sets are part of the package."""
    config = study.training_config
    if isinstance(config, CustomConfig):
        if study.objective == LLM_SIGNAL:
            signals = signal_config(config.root)
            yield from (signals.news.file, *_files_of(signals.data))
        if not returns_positions(study.objective):
            return
        config = scored_market(config.model_dump(mode="json"))
    yield from _files_of(config.data)


def _files_of(config: DataConfig) -> Iterator[str]:
    source = config.source
    yield from (
        each for each in ((source,) if isinstance(source, str) else source.values()) if not NAMED_SOURCE.fullmatch(each)
    )


def _own_working_dir(study: StudySpec) -> Path | None:
    """The working directory that `ray_config.runtime_env` names, if it is a folder of this machine."""
    given = study.ray_config.runtime_env.get(_WORKING_DIR)
    return Path(given).absolute() if isinstance(given, str) and Path(given).is_dir() else None


def _code(study: StudySpec, working_dir: Path, own: Path | None) -> Iterator[ShippedPath]:
    """The folders of the objective and of the function of features, each copied once."""
    for number, text in enumerate(dict.fromkeys(_code_folders(study))):
        source = expanded_path(text).absolute()
        if own is not None and source.is_relative_to(own):
            yield ShippedPath(text, str(source.relative_to(own)))
            continue
        name = f"{_STAGED}/code_{number}"
        _copy_tree(source, working_dir / name)
        yield ShippedPath(text, name)


def _code_folders(study: StudySpec) -> Iterator[str]:
    if folder := folder_of(study.objective):
        yield folder
    data = getattr(study.training_config, "data", None)
    if isinstance(data, DataConfig) and data.features.function is not None:
        yield data.features.function_folder or "."


def _data(study: StudySpec, working_dir: Path) -> Iterator[ShippedPath]:
    """The data files, as far as they are small enough."""
    left = MOST_DATA_BYTES
    for number, text in enumerate(sources_of(study)):
        path = expanded_path(text)
        files = source_paths(path)
        left -= sum(file.stat().st_size for file in files)
        if not files or left < 0:
            return
        folder = f"{_STAGED}/data_{number}"
        (working_dir / folder).mkdir(parents=True)
        for file in files:
            _link(file, working_dir / folder / file.name)
        yield ShippedPath(text, folder if path.is_dir() else f"{folder}/{path.name}")


def _copy_tree(source: Path, target: Path) -> None:
    left = MOST_CODE_BYTES

    def unwanted(folder: str, names: Collection[str]) -> set[str]:
        nonlocal left
        left_out = {name for name in names if _is_unwanted(Path(folder) / name)}
        sizes: Mapping[str, int] = {
            name: path.stat().st_size
            for name in names
            if (path := Path(folder) / name).is_file() and name not in left_out
        }
        left -= sum(sizes.values())
        if left < 0:
            raise InputError(
                f"the folder {source} of the objective is too large to be sent to the nodes of the Ray cluster (more "
                f"than {format_gigabytes(MOST_CODE_BYTES)} without results): put the code into a folder of its own, or "
                "name a smaller one as working_dir in ray_config.runtime_env"
            )
        return left_out

    shutil.copytree(source, target, ignore=unwanted, copy_function=_link, ignore_dangling_symlinks=True)


def _is_unwanted(path: Path) -> bool:
    """Whether a file or folder is no code: an environment, a repository, a database, or results of studies."""
    if path.is_dir():
        return path.name in _EXCLUDED or any(path.glob("*/.identity.json")) or path.name == _STAGED
    return path.suffix in _DATABASES or not path.is_file() or path.stat().st_size > MOST_FILE_BYTES


def _link(source: str | Path, target: str | Path) -> None:
    """Copy a file, without its content where the file system allows it."""
    try:
        os.link(Path(source).resolve(), target)
    except OSError:
        shutil.copy2(source, target)
