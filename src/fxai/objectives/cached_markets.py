"""Markets of `fx_trading` in one worker, cached because a worker trains many trials on the same bars.

A market of large files is mapped, so that the workers of the machine share its memory.
"""

from functools import lru_cache

from fxai.market.mapped.market_cache import mapped_markets
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.market.markets.dataset import prepare_folds
from fxai.market.markets.instruments import MarketSet, prepare_set
from fxai.rl.environment.market_table import MarketTable
from fxai.spec.fields.data_config import DataConfig

_MARKETS = 8
"""Maximum number of prepared markets, one per set of features. One that is not mapped needs about 250 bytes per bar
with its table: 1.5 MB for the shipped data. With folds, the table is about 80 bytes per bar and fold."""


@lru_cache(maxsize=_MARKETS)
def cached_set(config: DataConfig) -> MarketSet:
    """The markets of a configuration, of one market or of several instruments."""
    mapped = _mapped(config)
    return prepare_set(config) if mapped is None else mapped.markets


@lru_cache(maxsize=_MARKETS)
def cached_table(config: DataConfig) -> MarketTable:
    """The table of the market, or of all instruments."""
    mapped = _mapped(config)
    return MarketTable.of_set(cached_set(config)) if mapped is None else MarketTable.of_mapped_set(mapped)


@lru_cache(maxsize=_MARKETS)
def cached_table_of_folds(config: DataConfig) -> MarketTable:
    """The table of the markets of all folds, joined."""
    mapped = _mapped(config)
    return MarketTable.of_folds(prepare_folds(config)) if mapped is None else MarketTable.of_mapped_folds(mapped)


def forget_markets() -> None:
    """Empties the caches of this process."""
    for cached in (cached_set, cached_table, cached_table_of_folds, _mapped):
        cached.cache_clear()


@lru_cache(maxsize=_MARKETS)
def _mapped(config: DataConfig) -> MappedMarkets | None:
    return mapped_markets(config)
