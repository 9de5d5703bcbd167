"""Calls of the function of `data.features`, as the leak tests need them."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fxai.market.bars import Bars, FloatArray
from fxai.market.features.feature_function import function_features
from fxai.market.features.features import columns_begin
from fxai.spec.fields.feature_config import FeatureConfig


@dataclass(frozen=True, slots=True)
class FeatureCall:
    """The configured function, from bars to columns."""

    features: FeatureConfig

    def __call__(self, bars: Bars) -> Mapping[str, FloatArray]:
        """The features by name, [bar] each.

        Raises:
            DataError: As `function_features`.
        """
        begin = columns_begin(bars) + (self.features.function_window or 0)
        return dict(function_features(bars, self.features, begin))

    def in_new_module(self, bars: Bars) -> Mapping[str, FloatArray]:
        """As a call, in a newly imported copy of the function's module, which keeps nothing of earlier calls."""
        with without_module((self.features.function or "").partition(":")[0].partition(".")[0]):
            return self(bars)


@contextmanager
def without_module(name: str) -> Iterator[None]:
    """Imports within the context load a module and its submodules again; the old ones return afterwards."""
    old = {each: module for each, module in sys.modules.items() if _is_within(each, name)}
    _remove(name)
    try:
        yield
    finally:
        _remove(name)
        sys.modules.update(old)


def _remove(name: str) -> None:
    for each in [each for each in sys.modules if _is_within(each, name)]:
        del sys.modules[each]


def _is_within(module: str, name: str) -> bool:
    return module == name or module.startswith(f"{name}.")
