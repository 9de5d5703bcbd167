"""News and prices together."""

from pathlib import Path

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.news.news_market import closing_times, match_news, read_prices
from fxai.market.news.planted_news import planted_news, write_planted_news
from fxai.spec.fields.data_config import DataConfig
from market.news.small_news import DAY, HOUR, START, bars_of, news_of

BARS = {"AAA": bars_of("AAA", [10, 11, 12, 11]), "BBB": bars_of("BBB", [5, 5, 6, 7])}


def test_news_that_no_decision_can_read_is_dropped_and_counted() -> None:
    news = news_of(
        [
            ("aaa", START - HOUR, "before"),
            ("aaa", START + HOUR, "first"),
            ("BBB", START + DAY, "at a close"),
            ("BBB", START + 2 * DAY + HOUR, "last"),
            ("BBB", START + 3 * DAY, "after"),
            ("CCC", START + HOUR, "unknown"),
            ("CCC", START + HOUR, "unknown too"),
        ]
    )
    market = match_news(BARS, news)
    counts = market.counts
    assert (counts.read, counts.unknown_instrument, counts.before_prices, counts.after_prices) == (7, 2, 1, 1)
    assert (counts.kept, counts.unknown) == (3, (("CCC", 2),))
    assert market.news.titles == ("first", "at a close", "last")
    assert market.first_bar.tolist() == [0, 1, 2]
    assert market.names == ("AAA", "BBB")


def test_a_bar_closes_at_its_length_or_at_the_next_open() -> None:
    days = ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-08T23:00", "2024-01-09"]
    time = np.array(days, "datetime64[ns]")
    closes = closing_times(time).astype("datetime64[h]").astype(str).tolist()
    assert closes[1:] == ["2024-01-05T00", "2024-01-06T00", "2024-01-08T23", "2024-01-09T00", "2024-01-10T00"]


def test_prices_without_a_name_get_the_only_name_in_the_news() -> None:
    bars = {"": BARS["AAA"]}
    assert match_news(bars, news_of([("BTC", START + HOUR, "one")])).names == ("BTC",)
    with pytest.raises(DataError, match=r"write data\.source as a mapping, such as \{BTC: AAA\}"):
        match_news(bars, news_of([("BTC", START + HOUR, "one"), ("ETH", START + HOUR, "two")]))


@pytest.mark.parametrize(
    ("name", "moment", "message"),
    [
        (
            "AAA",
            START + 9 * DAY,
            (
                "the prices end before the news: prices are from 2024-01-01 to 2024-01-04, and news "
                "from 2024-01-10 to 2024-01-10; use prices and news of the same time"
            ),
        ),
        ("AAA", START - DAY, "the prices have no bar in the time of the news"),
        ("XYZ", START + HOUR, "the news is about XYZ, and there are prices of AAA, BBB; give both the same names"),
    ],
)
def test_prices_and_news_that_do_not_fit_are_refused(name: str, moment: np.datetime64, message: str) -> None:
    with pytest.raises(DataError) as caught:
        match_news(BARS, news_of([(name, moment, "a title")]))
    assert message in str(caught.value)


def test_prices_are_read_from_a_long_table_or_from_one_instrument(tmp_path: Path) -> None:
    planted = planted_news(1, instruments=3, days=40)
    write_planted_news(planted, tmp_path)
    source = str(tmp_path / "prices.csv")
    bars = read_prices(DataConfig(source=source, instruments="all"))
    assert tuple(bars) == ("AAA", "BBB", "CCC")
    np.testing.assert_allclose(bars["BBB"].close, planted.bars["BBB"].close)
    assert tuple(read_prices(DataConfig(source=source, instrument="BBB"))) == ("BBB",)
