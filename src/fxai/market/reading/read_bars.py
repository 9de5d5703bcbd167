"""Reads the bars of `data.source`, a named data set or a file."""

from dataclasses import replace
from pathlib import Path

from fxai.errors import DataError
from fxai.market.bars import Bars, Faults, Reading
from fxai.market.reading.sources import check_source, shipped_file
from fxai.market.reading.synthetic_market import shuffled, synthetic_market
from fxai.spec.fields.data_config import NAMED_SOURCE, DataConfig
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.sources import source_text

_GENERATED = "1h"  # length of generated bars


def load_bars(config: DataConfig) -> Bars:
    """The bars of a configuration.

    Raises:
        DataError: If they cannot be read or are not valid.
    """
    return read_bars(config).bars


def read_bars(config: DataConfig) -> Reading:
    """As `load_bars`, with the findings of reading."""
    from fxai.market.reading.reading import read_bar_file  # noqa: PLC0415 - loads pandas; mapped markets need none

    source = _one_source(config)
    if match := NAMED_SOURCE.fullmatch(source):
        if match["kind"] is None:
            return read_bar_file(shipped_file(source), config, name=source)
        return _generated(match["kind"], int(match["seed"] or 0), config)
    check_source(config, (Path.cwd(),))
    return read_bar_file(expanded_path(source), config)


def _one_source(config: DataConfig) -> str:
    """The source of data that have one instrument; `market/markets/instruments.py` reads those of several."""
    if isinstance(config.source, str) and config.instruments is None:
        return config.source
    raise DataError(
        f"the data {source_text(config.source)} have several instruments, and one is needed here; name the data of one"
    )


def _generated(kind: str, seed: int, config: DataConfig) -> Reading:
    if kind == "shuffled_1h":
        real = read_bars(config.model_copy(update={"source": "eurusd_1h"}))
        return replace(real, bars=shuffled(real.bars, seed))
    if config.spread_column not in (None, "auto"):
        raise DataError(f"{config.source} has no column {config.spread_column!r}; remove data.spread_column")
    if config.resample not in (None, _GENERATED):
        raise DataError(f"{config.source} has bars of one hour, which are not made longer; remove data.resample")
    if config.features.columns:
        raise DataError(f"{config.source} has no further columns; remove data.features.columns")
    bars = synthetic_market(seed)
    return Reading(bars, Faults(rows_read=len(bars)), {})
