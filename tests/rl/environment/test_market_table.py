"""The table of mapped markets is that of prepared ones."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fxai.market.mapped.market_cache import mapped_markets
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.market.markets.dataset import prepare_folds
from fxai.market.markets.instruments import prepare_set
from fxai.rl.environment.market_table import MarketTable
from fxai.spec.fields.data_config import DataConfig
from instrument_bars import write_instruments

SPLITS: list[dict[str, Any]] = [{"walk_forward": {"folds": 3}}, {"combinatorial": {"groups": 4, "test_groups": 2}}]


def mapped(config: DataConfig) -> MappedMarkets:
    found = mapped_markets(config, write_small=True)
    assert found is not None
    return found


def assert_same(found: MarketTable, expected: MarketTable) -> None:
    for field in fields(MarketTable):
        ours, theirs = getattr(found, field.name), getattr(expected, field.name)
        if field.name == "times":
            assert len(ours) == len(theirs)
            np.testing.assert_array_equal(np.concatenate(ours), np.concatenate(theirs))
        elif isinstance(theirs, np.ndarray):
            np.testing.assert_array_equal(ours, theirs, strict=True)
        else:
            assert ours == theirs


DATA: list[dict[str, Any]] = [{"source": "eurusd_1h"}, {"source": "btcusd_book_1m", "book_levels": 3}]


@pytest.mark.parametrize("data", DATA)
def test_the_table_of_one_market(data: dict[str, Any]) -> None:
    config = DataConfig.model_validate(data)
    assert_same(MarketTable.of_mapped_set(mapped(config)), MarketTable.of_set(prepare_set(config)))


def test_the_table_of_several_instruments(tmp_path: Path) -> None:
    sources = write_instruments(tmp_path)
    config = DataConfig.model_validate({"source": sources, "features": {"volatility_windows": [24]}})
    assert_same(MarketTable.of_mapped_set(mapped(config)), MarketTable.of_set(prepare_set(config)))


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("split", SPLITS)
def test_the_tables_of_folds_and_of_the_latest_fold(data: dict[str, Any], split: dict[str, Any]) -> None:
    config = DataConfig.model_validate({**data, "split": split})
    of_mapped = mapped(config)
    assert_same(MarketTable.of_mapped_folds(of_mapped), MarketTable.of_folds(prepare_folds(config)))
    assert_same(MarketTable.of_mapped_set(of_mapped), MarketTable.of_set(prepare_set(config)))
