"""Prepared markets in the user's cache folder, made by one worker and mapped by all workers of the machine.

A worker that prepares a market for itself needs 250 bytes for each bar. Mapped quotes and features need 84 bytes for
each bar with the default features, once for all workers. A market is found by the content of its files, by its
configuration and by the source code that prepares it, so a stale one is never found.
"""

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from filelock import FileLock

import fxai
from fxai.market.mapped.market_folder import MappedMarkets, map_markets, write_markets
from fxai.market.mapped.release_memory import release_memory
from fxai.market.markets.dataset import Market, prepare, prepare_folds
from fxai.market.markets.instruments import MarketSet, markets_of, prepare_set, set_without_markets
from fxai.market.reading.instrument_bars import instrument_sources, read_instruments
from fxai.market.reading.sources import shipped_file
from fxai.market.splits.folds import latest_fold
from fxai.spec.fields.data_config import NAMED_SOURCE, DataConfig
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.source_paths import source_paths
from fxai.user_folders import cache_directory

FEWEST_BYTES: Final = 1_000_000
"""Size of the files of a market, times its folds, from which any process writes it to the cache. A smaller one takes a
few megabytes of a worker. It is found if the parent of a study wrote it, and workers then load no pandas."""

_MOST_BYTES: Final = 4_000_000_000  # of the folder; the markets that were used last stay
_ABANDONED_SECONDS: Final = 86_400.0  # after which an unfinished folder is deleted
_PACKAGE: Final = Path(fxai.__file__).parent
_CODE: Final = ("market", "spec/fields")
_LIBRARIES: Final = ("numpy", "pandas", "pyarrow")


def mapped_or_prepared(config: DataConfig, *, write_small: bool = False) -> MarketSet:
    """Returns the markets of a configuration, mapped if `mapped_markets` finds them.

    Raises:
        DataError: The bars cannot be read or are not valid.
    """
    mapped = mapped_markets(config, write_small=write_small)
    return prepare_set(config) if mapped is None else mapped.markets


def mapped_markets(config: DataConfig, *, write_small: bool = False) -> MappedMarkets | None:
    """Finds the markets of a configuration in the cache, or prepares them and writes them there.

    With folds there is one market, and the tensors of all folds are joined.

    Args:
        config: The configuration.
        write_small: Write markets of small files too. Otherwise they are only found.

    Returns:
        The markets; None if the data are small and not in the cache, if a function of the user makes features, or if
        the cache cannot be written.

    Raises:
        DataError: The bars cannot be read or are not valid.
    """
    files = _files(config)
    key = _key(config, files)
    if key is None:
        return None
    folder = cache_folder() / key
    try:
        if not (write_small or folder.exists() or _are_large(config, files)):
            return None
        with FileLock(_lock(folder), fallback_to_soft=False):
            found = map_markets(folder, config)
            if found is None:
                _write(folder, config)
                if _key(config, _files(config)) != key:  # the files changed meanwhile
                    shutil.rmtree(folder, ignore_errors=True)
                    return None
                found = map_markets(folder, config)
            now = time.time_ns()  # more exact than the kernel's time of a file
            os.utime(folder, ns=(now, now))
    except OSError:
        return None
    return found


def cache_folder() -> Path:
    """Returns the folder with a folder for each market."""
    return cache_directory() / "markets"


def _lock(folder: Path) -> Path:
    """The lock of a market, one of 256."""
    locks = folder.parent / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    return locks / f"{folder.name[:2]}.lock"


def _write(folder: Path, config: DataConfig) -> None:
    """Writes the markets to another folder, which is renamed; then deletes folders that were not used for long."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)  # of a worker that was killed
        if config.has_instruments:
            bars = {name: reading.bars for name, reading in read_instruments(config).items()}
            plan = set_without_markets(bars, config)
            write_markets(temporary, ((market, True) for market in markets_of(bars, plan)), plan)
        else:
            write_markets(temporary, _parts(config))
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        release_memory()
    _make_room(folder)


def _parts(config: DataConfig) -> Iterator[tuple[Market, bool]]:
    """The markets to join, each with whether its bars are kept."""
    if not config.split.has_folds:
        yield prepare(config), True
        return
    for fold, market in enumerate(prepare_folds(config)):
        yield market, fold == latest_fold(market.folds)


def _make_room(newest: Path) -> None:
    """Deletes the folders that were used first until the others fit. Workers keep what they have mapped."""
    now = time.time()
    for folder in newest.parent.glob(".*.tmp"):
        if now - folder.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    ages = {folder: folder.stat().st_mtime for folder in newest.parent.glob("[0-9a-f]*") if folder.name != newest.name}
    used = _size(newest)
    for folder in sorted(ages, key=lambda each: -ages[each]):
        used += _size(folder)
        if used > _MOST_BYTES:
            shutil.rmtree(folder, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _files(config: DataConfig) -> Sequence[tuple[str, Path]]:
    """The files of a market, each with its instrument; none if the market is not mapped.

    Raises:
        DataError: An instrument that the configuration names has no file.
    """
    if config.features.function is not None:  # the key cannot hold all code that a function of the user calls
        return ()
    sources = instrument_sources(config) if config.has_instruments else None
    if sources is None:
        sources = {"": str(config.source)}
    try:
        found = [(name, path) for name, source in sources.items() for path in _paths(source)]
    except OSError:
        return ()  # reading the bars says what is wrong
    return found if all(path.is_file() for _, path in found) else ()  # a pipe can be read once


def _are_large(config: DataConfig, files: Sequence[tuple[str, Path]]) -> bool:
    return sum(path.stat().st_size for _, path in files) * config.split.folds >= FEWEST_BYTES


def _key(config: DataConfig, files: Sequence[tuple[str, Path]]) -> str | None:
    """Hash of all that decides the numbers of a market; None if there is no file, or a file cannot be read."""
    if not files:
        return None
    try:
        contents = [f"{name} {_hash_of(path)}" for name, path in files]
    except OSError:
        return None  # reading the bars says what is wrong
    parts = [_made_by(), config.model_dump_json(), *contents]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _paths(source: str) -> Sequence[Path]:
    """The files of a source; of a generated data set a shipped one, which has about its size."""
    if NAMED_SOURCE.fullmatch(source):
        return (shipped_file(source),)
    return source_paths(expanded_path(source))


@cache
def _made_by() -> str:
    """Hash of the code that prepares markets: FxAI's modules, versions of libraries, and the machine."""
    modules = sorted(path for folder in _CODE for path in (_PACKAGE / folder).rglob("*.py"))
    versions = [f"{name} {version(name)}" for name in _LIBRARIES]
    parts = [*versions, platform.node(), platform.machine(), *map(_hash_of, modules)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
