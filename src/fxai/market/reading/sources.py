"""Valid values of `data.source`. Commands that read no bars can check them without importing pandas."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from fxai.errors import DataError
from fxai.spec.fields.data_config import NAMED_SOURCE, DataConfig
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.source_paths import source_paths

NAMED_SETS: Mapping[str, str] = MappingProxyType(
    {
        "eurusd_1h": "real EURUSD ask bars of one hour, 2017",
        "btcusd_1m": "real BTCUSD bars of one minute, two weeks of August 2026",
        "btcusd_book_1m": "order-book snapshots of one minute, made from btcusd_1m, with its prices and random sizes",
        "planted_1h": "generated, with a pattern that is profitable after costs; planted_1h:7 uses seed 7",
        "shuffled_1h": "eurusd_1h in random order, without a pattern; shuffled_1h:7 uses seed 7",
    }
)

_DATA = Path(__file__).parents[1] / "data"


def shipped_file(source: str) -> Path:
    """The file of a named data set; for a generated one that of `eurusd_1h`, from which some are made."""
    path = _DATA / f"{source}.csv.gz"
    return path if path.exists() else _DATA / "eurusd_1h.csv.gz"


def check_source(config: DataConfig, folders: Sequence[Path]) -> None:
    """Check that the source, or that of each instrument, is a named data set, or names existing files.

    Args:
        config: Configuration with the source.
        folders: Folders that were searched, for the message.

    Raises:
        DataError: If the source does not exist.
    """
    if isinstance(config.source, str):
        _check_one(config.source, folders)
        return
    for name, source in config.source.items():
        try:
            _check_one(source, folders)
        except DataError as error:
            raise DataError(f"instrument {name}: {error}") from error


def _check_one(source: str, folders: Sequence[Path]) -> None:
    path = expanded_path(source)
    if NAMED_SOURCE.fullmatch(source):
        return
    try:
        exists = path.exists() or bool(source_paths(path))
    except OSError as error:  # not a valid file name
        raise DataError(f"data.source {source!r} cannot be read: {error.strerror}") from error
    if not exists:
        raise DataError(_no_such_source(source, () if path.is_absolute() else folders))


def _no_such_source(source: str, folders: Sequence[Path]) -> str:
    path = expanded_path(source)
    parents = [folder / path.parent for folder in folders] or [path.parent]
    files = [str(path.with_name(file.name)) for parent in parents for file in parent.glob("*") if file.is_file()]
    near = difflib.get_close_matches(source, dict.fromkeys([*NAMED_SETS, *files]), n=3)
    tried = f", looked for in {' and '.join(map(str, folders))}" if folders else ""
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"no data set and no file {source!r}{tried}.{hint} The named sets are {', '.join(NAMED_SETS)}; "
        "any other value is the path of a file of bars, a folder of such files, or a pattern such as eurusd/*.csv"
    )
