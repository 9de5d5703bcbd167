"""What an agent of several instruments stores for each of them."""

from collections.abc import Sequence

from fxai.errors import InputError
from fxai.market.features.standardizer import Standardizer
from fxai.market.markets.instruments import MarketSet
from fxai.market.reading.instrument_bars import of_one
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.record import Record


class AgentInstrument(Record):
    """One instrument of an agent's training."""

    name: str
    source: str  # of its bars
    row_name: str | None = None  # its name in a source with the rows of several instruments
    standardizer: Standardizer
    data_hash: str  # hash of the bars of `source`

    def data(self, config: DataConfig) -> DataConfig:
        """The data of this instrument alone, for the data of an agent of several."""
        return of_one(config, self.source, self.row_name)


def agent_instruments(markets: MarketSet) -> tuple[AgentInstrument, ...]:
    """The instruments of agents that were trained on markets; none for data without named instruments."""
    return tuple(
        AgentInstrument(
            name=name,
            source=str(config.source),
            row_name=config.instrument,
            standardizer=market.standardizer,
            data_hash=market.content_hash,
        )
        for name, market, config in zip(markets.names, markets.markets, markets.configs, strict=False)
    )


def instrument_named(name: str, instruments: Sequence[AgentInstrument]) -> AgentInstrument:
    """The instrument of a name.

    Raises:
        InputError: The agent has no such instrument.
    """
    for each in instruments:
        if each.name == name:
            return each
    if not instruments:
        raise InputError(f"the agent was trained on one instrument without a name, not on {name}")
    raise InputError(f"the agent was not trained on {name}; its instruments are {names_of(instruments)}")


def is_empty(instruments: object) -> bool:
    """Whether a file has no instruments; it is then as in earlier releases."""
    return instruments == ()


def names_of(instruments: Sequence[AgentInstrument]) -> str:
    """`EURUSD, GBPUSD, USDJPY`."""
    return ", ".join(each.name for each in instruments)
