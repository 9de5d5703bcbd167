"""From `data.source`, a name or a file, to bars."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from fxai.errors import DataError
from fxai.market.bar_file import read_bar_file
from fxai.market.bars import Bars, Faults, Reading
from fxai.market.planted import planted_market, shuffled
from fxai.spec.data_config import NAMED_SOURCE, DataConfig
from fxai.spec.environment import expanded_path

NAMED_SETS: Mapping[str, str] = MappingProxyType(
    {
        "eurusd_1h": "real EURUSD ask bars of one hour, 2017",
        "planted_1h": "generated, with a pattern that pays after costs; planted_1h:7 takes seed 7",
        "shuffled_1h": "eurusd_1h in random order, nothing to learn; shuffled_1h:7 takes seed 7",
    }
)
_EURUSD = Path(__file__).parent / "data" / "eurusd_1h.csv.gz"


def load_bars(config: DataConfig) -> Bars:
    """The bars that a configuration names; a `DataError` says what is wrong with them."""
    return read_bars(config).bars


def read_bars(config: DataConfig) -> Reading:
    """As `load_bars`, with what was found on the way."""
    if match := NAMED_SOURCE.fullmatch(config.source):
        if match["kind"] is None:
            return read_bar_file(_EURUSD, config, name="eurusd_1h")
        return _generated(match["kind"], int(match["seed"] or 0), config)
    check_source(config, (Path.cwd(),))
    return read_bar_file(expanded_path(config.source), config)


def check_source(config: DataConfig, folders: Sequence[Path]) -> None:
    """A `DataError` where the configuration names neither a data set nor a file; `folders` is where it was tried."""
    path = expanded_path(config.source)
    if NAMED_SOURCE.fullmatch(config.source):
        return
    try:
        exists = path.exists()
    except OSError as error:  # a name that no file can have
        raise DataError(f"data.source {config.source!r} cannot be read: {error.strerror}") from error
    if not exists:
        raise DataError(_no_such_source(config.source, () if path.is_absolute() else folders))


def _generated(kind: str, seed: int, config: DataConfig) -> Reading:
    if kind == "shuffled_1h":
        real = read_bars(config.model_copy(update={"source": "eurusd_1h"}))
        return Reading(shuffled(real.bars, seed), real.faults, real.columns)
    if config.spread_column is not None:
        raise DataError(f"{config.source} has no column {config.spread_column!r}; take data.spread_column out")
    bars = planted_market(seed)
    return Reading(bars, Faults(rows_read=len(bars)), {})


def _no_such_source(source: str, folders: Sequence[Path]) -> str:
    path = expanded_path(source)
    parents = [folder / path.parent for folder in folders] or [path.parent]
    files = [str(path.with_name(file.name)) for parent in parents for file in parent.glob("*") if file.is_file()]
    near = difflib.get_close_matches(source, dict.fromkeys([*NAMED_SETS, *files]), n=3)
    tried = f", looked for in {' and '.join(map(str, folders))}" if folders else ""
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"no data set and no file {source!r}{tried}.{hint} The named sets are {', '.join(NAMED_SETS)}; "
        "anything else is the path of a CSV or Parquet file"
    )
