"""Markets of several instruments: one set of split dates, a standardizer for each."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.markets.dataset import prepare, prepare_bars
from fxai.market.markets.instruments import MarketSet, prepare_instruments, prepare_set
from fxai.spec.fields.data_config import DataConfig
from instrument_bars import LENGTHS, instrument_bars

SOURCES = {name: f"{name}.csv" for name in LENGTHS}


def prepared(**data: Any) -> MarketSet:
    return prepare_instruments(instrument_bars(), DataConfig.model_validate({"source": SOURCES, **data}))


def test_all_instruments_are_cut_at_the_same_dates() -> None:
    found = prepared()
    hours = np.unique(np.concatenate([market.time for market in found.markets]))
    train_end, validation_end = hours[int(len(hours) * 0.6)], hours[int(len(hours) * 0.8)]
    embargo = found.markets[0].splits.train.start  # the warm-up of the features, by default
    for market in found.markets:
        splits = market.splits
        assert market.time[splits.train.stop - 1] < train_end <= market.time[splits.train.stop]
        assert splits.validation.start == splits.train.stop + embargo
        assert market.time[splits.validation.stop - 1] < validation_end <= market.time[splits.validation.stop]
        assert splits.test.stop == len(market)


def test_no_bar_of_validation_opens_before_the_last_train_bar_of_another_instrument() -> None:
    markets = prepared().markets
    last_train = max(market.time[market.splits.train.stop - 1] for market in markets)
    assert min(market.time[market.splits.validation.start] for market in markets) > last_train


def test_dates_of_the_spec_are_the_dates_of_all_instruments() -> None:
    dates = {"train": "2023-01-25", "validation": "2023-02-03"}
    for market in prepared(split=dates).markets:
        assert market.time[market.splits.train.stop] >= np.datetime64("2023-01-25")
        assert market.time[market.splits.train.stop - 1] < np.datetime64("2023-01-25")


def test_without_a_test_split_the_fraction_of_train_is_a_date_too() -> None:
    ends = [market.time[market.splits.train.stop - 1] for market in prepared(split={"validation": None}).markets]
    assert max(ends) - min(ends) < np.timedelta64(3, "h")


def test_each_instrument_is_standardized_with_its_own_train_bars() -> None:
    found = prepared()
    assert len({market.standardizer for market in found.markets}) == len(LENGTHS)
    for market in found.markets:
        train = market.features[market.splits.train.start : market.splits.train.stop]
        assert abs(train[:, 0].mean()) < 0.1


def test_joined_spans_are_those_of_the_bars_one_instrument_after_the_other() -> None:
    found = prepared()
    for split in ("train", "validation"):
        for span, market in zip(getattr(found, split), found.markets, strict=True):
            own = getattr(market.splits, split)
            np.testing.assert_array_equal(found.time[span.start : span.stop], market.time[own.start : own.stop])


def test_the_instrument_can_be_an_input() -> None:
    found = prepared(features={"instrument": True})
    for place, (name, market) in enumerate(zip(found.names, found.markets, strict=True)):
        assert market.feature_names[-3:] == tuple(f"instrument:{each}" for each in LENGTHS)
        columns = market.features[market.splits.train.start :, -3:]
        np.testing.assert_array_equal(columns, np.eye(3)[[place]].repeat(len(columns), axis=0), err_msg=name)


def test_the_instrument_as_an_input_changes_no_other_column() -> None:
    for with_column, without in zip(prepared(features={"instrument": True}).markets, prepared().markets, strict=True):
        np.testing.assert_array_equal(with_column.features[:, :-3], without.features)


def test_volume_is_an_input_if_all_instruments_have_it() -> None:
    bars, config = instrument_bars(volume=True), DataConfig.model_validate({"source": SOURCES})
    assert "volume" in prepare_instruments(bars, config).markets[0].feature_names
    bars["AUD"] = instrument_bars()["AUD"]
    assert all("volume" not in market.feature_names for market in prepare_instruments(bars, config).markets)


def test_one_named_instrument_is_cut_like_the_same_bars_alone() -> None:
    bars = {"EUR": instrument_bars()["EUR"]}
    (market,) = prepare_instruments(bars, DataConfig.model_validate({"source": {"EUR": "EUR.csv"}})).markets
    alone = prepare_bars(bars["EUR"], DataConfig())
    assert market.splits == alone.splits
    np.testing.assert_array_equal(market.features, alone.features)


def test_data_of_one_source_are_one_market_without_a_name() -> None:
    found = prepare_set(DataConfig())
    assert found.names == ()
    assert found.content_hash == prepare(DataConfig()).content_hash


def test_an_instrument_with_too_few_bars_in_a_split_is_named() -> None:
    bars = instrument_bars()
    late = bars["JPY"]
    bars["JPY"] = type(late)(
        "JPY.csv", "late", *(getattr(late, x)[-300:] for x in ("time", "open", "high", "low", "close"))
    )
    with pytest.raises(DataError, match=r"^instrument JPY: the train split has 0 bars"):
        prepare_instruments(bars, DataConfig.model_validate({"source": SOURCES}))


def test_bars_of_different_lengths_are_refused() -> None:
    bars = instrument_bars()
    day = bars["JPY"]
    bars["JPY"] = type(day)("JPY.csv", "4 h", *(getattr(day, x)[::4] for x in ("time", "open", "high", "low", "close")))
    with pytest.raises(DataError, match="instrument JPY has bars of 4h 00m, and instrument AUD of 1h 00m"):
        prepare_instruments(bars, DataConfig.model_validate({"source": SOURCES}))


def test_columns_that_only_some_instruments_have_are_refused() -> None:
    bars = instrument_bars()
    bars["EUR"] = replace(bars["EUR"], columns={"rsi": np.zeros(1000)})
    with pytest.raises(DataError, match="instrument EUR has the columns rsi, and instrument AUD none; name those of"):
        prepare_instruments(bars, DataConfig.model_validate({"source": SOURCES, "features": {"columns": "all"}}))


def test_the_hash_names_instruments_and_their_data() -> None:
    bars, config = instrument_bars(), DataConfig.model_validate({"source": SOURCES})
    of_all = prepare_instruments(bars, config).content_hash
    swapped = {"AUD": bars["EUR"], "EUR": bars["AUD"], "JPY": bars["JPY"]}
    assert prepare_instruments(swapped, config).content_hash != of_all
    assert prepare_instruments(dict(reversed(bars.items())), config).content_hash == of_all


def test_a_date_with_an_offset_stays() -> None:
    date = datetime(2023, 1, 25, tzinfo=UTC)
    config = DataConfig.model_validate({"source": SOURCES, "split": {"train": date, "validation": None}})
    for market in prepare_instruments(instrument_bars(), config).markets:
        assert market.time[market.splits.train.stop] >= np.datetime64("2023-01-25")
