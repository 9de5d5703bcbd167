"""Joined tables of several instruments, and the episodes on them."""

from collections import Counter

import numpy as np
import pytest
import torch

from fxai.errors import DataError
from fxai.market.markets.instruments import MarketSet, prepare_instruments
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.instrument_spans import scored_instrument_spans
from fxai.rl.environment.market_table import MarketTable
from fxai.spec.fields.data_config import DataConfig
from instrument_bars import LENGTHS, instrument_bars


def markets() -> MarketSet:
    sources = {name: f"{name}.csv" for name in LENGTHS}
    config = {"source": sources, "features": {"volatility_windows": [24]}}
    return prepare_instruments(instrument_bars(), DataConfig.model_validate(config))


def test_a_joined_table_is_that_of_each_market_one_after_the_other() -> None:
    found = markets()
    joined = MarketTable.of_set(found)
    for market, offset in zip(found.markets, found.offsets, strict=True):
        alone = MarketTable.of_market(market)
        assert np.array_equal(joined.quotes[offset : offset + len(market)], alone.quotes)
        assert np.array_equal(joined.features[offset : offset + len(market)], alone.features)
    assert len(joined.quotes) == sum(LENGTHS.values())
    assert joined.has_nights


def test_episodes_are_drawn_over_all_instruments_by_their_bars_and_cross_none() -> None:
    spans = markets().train
    episodes = Episodes(
        [spans] * 2, window=4, steps=[30, 30], seeds=torch.tensor([1, 2]), envs=500, starts=None, ends=None
    )
    counts: Counter[int] = Counter()
    for _ in range(10):
        starts, ends = episodes.next()
        for start, end in zip(starts.flatten().tolist(), ends.flatten().tolist(), strict=True):
            place = next(place for place, span in enumerate(spans) if span.start <= start < span.stop)
            assert spans[place].start + 3 <= start
            assert end < spans[place].stop
            counts[place] += 1
    for place, span in enumerate(spans):
        assert counts[place] / counts.total() == pytest.approx(len(span) / sum(map(len, spans)), abs=0.02)


def test_a_window_that_begins_before_the_first_bar_is_refused_by_name() -> None:
    found = markets()
    assert scored_instrument_spans(found, 50) == found.validation
    with pytest.raises(DataError, match="instrument JPY: the validation split begins at bar"):
        scored_instrument_spans(found, min(market.splits.validation.start for market in found.markets) + 2)
