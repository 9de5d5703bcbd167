"""Summary of the data of several instruments before training."""

from collections.abc import Mapping
from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.markets.describe import Description, describe_reading
from fxai.market.markets.instruments import common_config, set_hash
from fxai.market.reading.instrument_bars import read_instruments
from fxai.spec.fields.data_config import DataConfig, SplitConfig


@dataclass(frozen=True, slots=True)
class SetDescription:
    """The descriptions of instruments that one agent trades."""

    instruments: Mapping[str, Description]  # by name, in the order of the names; with common split dates
    content_hash: str  # of all of them
    split: SplitConfig  # with the dates at which the splits end, if there is no problem
    problem: str | None  # why they cannot be used together; None if they can


def describe_set(config: DataConfig) -> SetDescription:
    """Read and summarize several instruments. Bars that cannot be used together are reported, not raised."""
    readings = read_instruments(config)
    bars = {name: reading.bars for name, reading in readings.items()}
    problem = None
    try:
        config = common_config(bars, config)
    except DataError as error:
        problem = str(error)
    described = {name: describe_reading(reading, config) for name, reading in readings.items()}
    return SetDescription(described, set_hash(bars), config.split, problem)
