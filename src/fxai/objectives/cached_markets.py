"""Markets of `fx_trading` in one worker, cached because a worker trains many trials on the same bars.

A market of large files is mapped, so that the workers of the machine share its memory.
"""

from functools import lru_cache

import torch

from fxai.market.mapped.market_cache import mapped_markets
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.market.markets.dataset import prepare_folds
from fxai.market.markets.instruments import MarketSet, prepare_set
from fxai.rl.environment.instrument_spans import set_on_device
from fxai.rl.environment.market_tensors import MarketTensors, folds_on_device, mapped_on_device
from fxai.spec.fields.data_config import DataConfig

_MARKETS = 8
"""Maximum number of prepared markets, one per set of features. One that is not mapped needs about 250 bytes per bar
with its tensors: 1.5 MB for the shipped data. With folds, the tensors are about 80 bytes per bar and fold."""


@lru_cache(maxsize=_MARKETS)
def cached_set(config: DataConfig) -> MarketSet:
    """The markets of a configuration, of one market or of several instruments."""
    mapped = _mapped(config)
    return prepare_set(config) if mapped is None else mapped.markets


@lru_cache(maxsize=_MARKETS)
def cached_tensors(config: DataConfig, device: str) -> MarketTensors:
    """The tensors of the market, or of all instruments, on a device."""
    mapped = _mapped(config)
    if mapped is not None:
        return mapped_on_device(mapped, torch.device(device))
    return set_on_device(cached_set(config), torch.device(device))


@lru_cache(maxsize=_MARKETS)
def cached_tensors_of_folds(config: DataConfig, device: str) -> MarketTensors:
    """The tensors of the markets of all folds on a device, joined."""
    mapped = _mapped(config)
    if mapped is not None:
        return mapped_on_device(mapped, torch.device(device))
    return folds_on_device(prepare_folds(config), torch.device(device))


def forget_markets() -> None:
    """Empties the caches of this process."""
    for cached in (cached_set, cached_tensors, cached_tensors_of_folds, _mapped):
        cached.cache_clear()


@lru_cache(maxsize=_MARKETS)
def _mapped(config: DataConfig) -> MappedMarkets | None:
    return mapped_markets(config)
