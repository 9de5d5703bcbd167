"""Reads the bars of each instrument of a configuration with several instruments."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.read_bars import read_bars
from fxai.market.reading.sources import check_source
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
        from fxai.market.reading.instrument_tables import read_instrument_table  # noqa: PLC0415 - loads pandas

        names = config.instruments if isinstance(config.instruments, tuple) else None
        source = str(config.source)
        return read_instrument_table(expanded_path(source), of_one(config, source), names)
    return {name: _read(name, of_one(config, source)) for name, source in sources.items()}


def instrument_configs(config: DataConfig, names: Sequence[str]) -> tuple[DataConfig, ...]:
    """The configuration of each of the instruments alone.

    Args:
        config: Data with several instruments.
        names: The names of all of them.
    """
    sources = instrument_sources(config)
    if sources is None:
        return tuple(of_one(config, str(config.source), name) for name in names)
    return tuple(of_one(config, sources[name]) for name in names)


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


def of_one(config: DataConfig, source: str, instrument: str | None = None) -> DataConfig:
    """The configuration of one instrument, which is validated again because named data sets have other defaults.

    Args:
        config: Data with several instruments.
        source: The source of the instrument.
        instrument: Its name in a file with the rows of several.
    """
    features = config.features.model_copy(update={"instrument": False})
    changes = {"source": source, "instrument": instrument, "instruments": None, "features": features.model_dump()}
    return DataConfig.model_validate({**config.model_dump(), **changes})


def _read(name: str, config: DataConfig) -> Reading:
    try:
        return read_bars(config)
    except DataError as error:
        raise DataError(f"instrument {name}: {error}") from error
