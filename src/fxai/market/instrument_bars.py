"""Reads the bars of each instrument of a configuration with several instruments."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.read_bars import read_bars
from fxai.market.reading.instrument_tables import read_instrument_table
from fxai.market.sources import check_source
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.source_paths import SUFFIXES, instrument_paths


def read_instruments(config: DataConfig) -> Mapping[str, Reading]:
    """The bars of each instrument by name, in the order of the names.

    Args:
        config: Data with several instruments (`DataConfig.has_instruments`).

    Raises:
        DataError: An instrument does not exist or its bars are wrong; the message has its name, its file and the rows.
    """
    check_source(config, (Path.cwd(),))
    sources = instrument_sources(config)
    if sources is None:
        names = config.instruments if isinstance(config.instruments, tuple) else None
        return read_instrument_table(expanded_path(str(config.source)), _of_one(config), names)
    return {name: _read(name, instrument_config(config, name, source)) for name, source in sources.items()}


def instrument_config(config: DataConfig, name: str, source: str | None = None) -> DataConfig:
    """The configuration of one of several instruments.

    Args:
        config: Data with several instruments.
        name: One of their names.
        source: Its source, of `instrument_sources`; by default the source is searched.

    Raises:
        DataError: There is no such instrument.
    """
    if source is None and (sources := instrument_sources(config)) is not None:
        if name not in sources:
            raise DataError(f"there is no instrument {name}; the data have {', '.join(sources)}")
        source = sources[name]
    if source is None:
        return _of_one(config, instrument=name)
    return _of_one(config, source=source)


def instrument_sources(config: DataConfig) -> Mapping[str, str] | None:
    """The source of each instrument by name, in the order of the names; None if they are the rows of one file.

    Raises:
        DataError: An instrument of `data.instruments` has no file, or two have the same.
    """
    if not isinstance(config.source, str):
        return config.source
    try:
        found = instrument_paths(expanded_path(config.source))
    except (OSError, ValueError) as error:
        raise DataError(f"data.source {config.source}: {error}") from error
    if found is None:
        return None
    if not found:
        raise DataError(f"data.source {config.source} has no files of bars, whose names end with {', '.join(SUFFIXES)}")
    wanted: Sequence[str] = config.instruments if isinstance(config.instruments, tuple) else tuple(found)
    if missing := [name for name in wanted if name not in found]:
        raise DataError(
            f"data.source {config.source} has no file of {', '.join(missing)}, which data.instruments names; it has "
            f"the instruments {', '.join(found)}"
        )
    return {name: str(found[name]) for name in sorted(wanted)}


def _read(name: str, config: DataConfig) -> Reading:
    try:
        return read_bars(config)
    except DataError as error:
        raise DataError(f"instrument {name}: {error}") from error


def _of_one(config: DataConfig, **changes: str) -> DataConfig:
    """A configuration with one instrument, validated again because named data sets have other defaults."""
    features = config.features.model_copy(update={"instrument": False})
    fields = {**config.model_dump(), "instruments": None, "features": features.model_dump(), **changes}
    return DataConfig.model_validate(fields)
