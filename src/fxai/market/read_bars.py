"""From `data.source`, a name or a file, to bars."""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from fxai.errors import DataError
from fxai.market.bar_file import read_bar_file
from fxai.market.bars import Bars, Faults, Reading
from fxai.market.planted import planted_market, shuffled
from fxai.spec.data_config import DataConfig

NAMED_SETS: Mapping[str, str] = MappingProxyType(
    {
        "eurusd_1h": "real EURUSD ask bars of one hour, 2017",
        "planted_1h": "generated, with a pattern that pays after costs; planted_1h:7 takes seed 7",
        "shuffled_1h": "eurusd_1h in random order, nothing to learn; shuffled_1h:7 takes seed 7",
    }
)
_EURUSD = Path(__file__).parent / "data" / "eurusd_1h.csv.gz"
_NAME = re.compile(r"(planted_1h|shuffled_1h)(?::(\d{1,9}))?")


def load_bars(config: DataConfig) -> Bars:
    """The bars that a configuration names; a `DataError` says what is wrong with them."""
    return read_bars(config).bars


def read_bars(config: DataConfig) -> Reading:
    """As `load_bars`, with what was found on the way."""
    if config.source == "eurusd_1h":
        return read_bar_file(_EURUSD, config, name="eurusd_1h")
    if match := _NAME.fullmatch(config.source):
        return _generated(match[1], int(match[2] or 0), config)
    path = Path(config.source).expanduser()
    if not path.exists():
        raise DataError(_no_such_source(config.source, path))
    return read_bar_file(path, config)


def _generated(kind: str, seed: int, config: DataConfig) -> Reading:
    if kind == "shuffled_1h":
        real = read_bars(config.model_copy(update={"source": "eurusd_1h"}))
        return Reading(shuffled(real.bars, seed), real.faults, real.columns)
    if config.spread_column is not None:
        raise DataError(f"{config.source} has no column {config.spread_column!r}; take data.spread_column out")
    bars = planted_market(seed)
    return Reading(bars, Faults(rows_read=len(bars)), {})


def _no_such_source(source: str, path: Path) -> str:
    files = [str(path.with_name(file.name)) for file in path.parent.glob("*") if file.is_file()]
    near = difflib.get_close_matches(source, [*NAMED_SETS, *files], n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"no data set and no file {source!r}.{hint} The named sets are {', '.join(NAMED_SETS)}; "
        "anything else is the path of a CSV or Parquet file"
    )
