"""Markets of `fx_trading` in one worker, cached because a worker trains many trials on the same bars."""

from functools import lru_cache

import torch

from fxai.market.dataset import Market, prepare, prepare_folds
from fxai.rl.environment.market_tensors import MarketTensors, folds_on_device, on_device
from fxai.spec.fields.data_config import DataConfig

_MARKETS = 8
"""Maximum number of prepared markets, one per set of features. One needs about 250 bytes per bar with its tensors:
1.5 MB for the shipped data, 1 GB for four million bars. With folds, the tensors are about 80 bytes per bar and fold."""


@lru_cache(maxsize=_MARKETS)
def cached_market(config: DataConfig) -> Market:
    """The market of a configuration."""
    return prepare(config)


@lru_cache(maxsize=_MARKETS)
def cached_tensors(config: DataConfig, device: str) -> MarketTensors:
    """The tensors of the market on a device."""
    return on_device(cached_market(config), torch.device(device))


@lru_cache(maxsize=_MARKETS)
def cached_tensors_of_folds(config: DataConfig, device: str) -> MarketTensors:
    """The tensors of the markets of all folds on a device, joined."""
    return folds_on_device(prepare_folds(config), torch.device(device))
