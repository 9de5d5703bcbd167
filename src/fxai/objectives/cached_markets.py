"""Markets of `fx_trading` in one worker, cached because a worker trains many trials on the same bars.

A market of large files is mapped, so that the workers of the machine share its memory.
"""

from functools import lru_cache

import torch

from fxai.market.dataset import Market, prepare, prepare_folds
from fxai.market.instruments import MarketSet, prepare_set
from fxai.market.mapped.market_cache import mapped_markets
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.rl.environment.instrument_spans import set_on_device
from fxai.rl.environment.market_tensors import MarketTensors, folds_on_device, mapped_on_device, on_device
from fxai.spec.fields.data_config import DataConfig

_MARKETS = 8
"""Maximum number of prepared markets, one per set of features. One that is not mapped needs about 250 bytes per bar
with its tensors: 1.5 MB for the shipped data. With folds, the tensors are about 80 bytes per bar and fold."""


@lru_cache(maxsize=_MARKETS)
def cached_market(config: DataConfig) -> Market:
    """The market of a configuration."""
    mapped = _mapped(config)
    return prepare(config) if mapped is None else mapped.markets[0]


@lru_cache(maxsize=_MARKETS)
def cached_set(config: DataConfig) -> MarketSet:
    """The markets of a configuration, of one market or of several instruments."""
    return prepare_set(config) if config.has_instruments else MarketSet.of_one(cached_market(config), config)


@lru_cache(maxsize=_MARKETS)
def cached_tensors(config: DataConfig, device: str) -> MarketTensors:
    """The tensors of the market, or of all instruments, on a device."""
    if config.has_instruments:
        return set_on_device(cached_set(config), torch.device(device))
    mapped = _mapped(config)
    if mapped is not None:
        return mapped_on_device(mapped, torch.device(device))
    return on_device(cached_market(config), torch.device(device))


@lru_cache(maxsize=_MARKETS)
def cached_tensors_of_folds(config: DataConfig, device: str) -> MarketTensors:
    """The tensors of the markets of all folds on a device, joined."""
    mapped = _mapped(config)
    if mapped is not None:
        return mapped_on_device(mapped, torch.device(device))
    return folds_on_device(prepare_folds(config), torch.device(device))


def forget_markets() -> None:
    """Empties the caches of this process."""
    for cached in (cached_market, cached_set, cached_tensors, cached_tensors_of_folds, _mapped):
        cached.cache_clear()


@lru_cache(maxsize=_MARKETS)
def _mapped(config: DataConfig) -> MappedMarkets | None:
    return mapped_markets(config)
