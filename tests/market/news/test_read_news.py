"""News from files: columns, times, and rows that are left out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.news.news import NewsReading
from fxai.market.news.read_news import read_news, read_news_frame
from fxai.spec.fields.news_config import NewsConfig

CONTEST = """Date,Stock_symbol,Article_title,Textrank_summary
2023-12-15 21:00:00,AAPL,Apple rises,"It rises, again"
2023-12-14,MSFT,Microsoft falls,
2023-12-14,NA,Nano gains,"Two
lines"
2023-12-15 21:00:00,AAPL,Apple rises,other
2023-12-13,MSFT,,no title
2023-12-13,,A title,no symbol
"""


def read(folder: Path, text: str, **settings: Any) -> NewsReading:
    (folder / "news.csv").write_text(text)
    return read_news(NewsConfig(file=str(folder / "news.csv"), **settings))


def test_the_columns_of_the_contest_are_read_and_rows_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, CONTEST)
    news, counts = found.news, found.counts
    assert news.titles == ("Microsoft falls", "Nano gains", "Apple rises")
    assert [news.names[place] for place in news.instrument] == ["MSFT", "NA", "AAPL"]
    assert news.summaries == ("", "Two lines", "It rises, again")
    assert news.published.astype("datetime64[s]").astype(str).tolist() == [
        "2023-12-14T23:59:59",
        "2023-12-14T23:59:59",
        "2023-12-15T21:00:00",
    ]
    assert (counts.read, counts.without_title, counts.without_instrument, counts.repeated) == (6, 1, 1, 1)
    assert (counts.dates_alone, counts.kept) == (2, 3)
    assert found.columns["symbol"] == "Stock_symbol"


def test_parquet_and_a_data_frame_give_the_same_news_as_csv(tmp_path: Path) -> None:
    of_csv = read(tmp_path, CONTEST).news
    frame = pd.read_csv(tmp_path / "news.csv", keep_default_na=False)
    frame.to_parquet(tmp_path / "news.parquet")
    config = NewsConfig(file=str(tmp_path / "news.parquet"))
    for other in (read_news(config).news, read_news_frame(frame, config).news):
        assert other.titles == of_csv.titles
        np.testing.assert_array_equal(other.published, of_csv.published)


def test_a_folder_of_files_is_read_together(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"date;headline\n2024-01-02 10:00;{name} rises\n")
    found = read_news(NewsConfig(file=str(tmp_path), instrument="X"))
    assert found.news.titles == ("a rises", "b rises")
    assert found.news.names == ("X",)


@pytest.mark.parametrize(
    ("cell", "settings", "expected"),
    [
        ("2024-01-02 00:00:00 UTC", {}, "2024-01-02T23:59:59"),
        ("2024-01-02", {"timezone": "America/New_York"}, "2024-01-03T04:59:59"),
        ("2024-03-10", {"timezone": "America/New_York"}, "2024-03-11T03:59:59"),  # a day of 23 hours
        ("2024-01-02T00:00:00+02:00", {}, "2024-01-02T21:59:59"),
        ("2024-01-02 00:01", {"timezone": "America/New_York"}, "2024-01-02T05:01:00"),
        ("5-7-2022 04:24", {"day_first": True}, "2022-07-05T04:24:00"),
        ("5-7-2022 04:24", {"day_first": False}, "2022-05-07T04:24:00"),
        ("2022-05-07 04:24", {"day_first": True}, "2022-05-07T04:24:00"),
        ("07.05.2022", {"date_format": "%m.%d.%Y"}, "2022-07-05T23:59:59"),
    ],
)
def test_times_are_those_at_which_the_news_is_known(
    tmp_path: Path, cell: str, settings: dict[str, Any], expected: str
) -> None:
    published = read(tmp_path, f"date,title\n{cell},A title\n", instrument="X", **settings).news.published
    assert str(published[0].astype("datetime64[s]")) == expected


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (
            "date,title\n2024-01-02,A\n",
            {},
            (
                "news.csv: no column names the instrument of the news; the file has date, title. "
                "Name it by news.columns, such as {symbol: Stock_symbol}, or name one instrument for all rows by "
                "news.instrument"
            ),
        ),
        ("date,symbol,title\n2024-01-02,,A\n", {}, "news.csv: the column 'symbol' names no instrument in any row"),
        (
            "date,name,text\n2024-01-02,X,A\n",
            {},
            (
                "no column for title; the file has date, name, text. Name the columns "
                "by news.columns, such as {title: date}"
            ),
        ),
        (
            "date,symbol,title\n2024-01-02,X,A\n",
            {"columns": {"title": "headline"}},
            ("news.columns has title: headline, but the file has 3 columns: date, symbol, title"),
        ),
        ("date,symbol,title\n2024-01-02,X,A\nyesterday,X,B\n", {}, "news.csv: row 3: 'yesterday' does not have"),
        (
            "date,symbol,title\n5-7-2022 04:24,X,A\n",
            {},
            ("row 2: '5-7-2022 04:24' has the day or the month first; set news.day_first or news.date_format, such as"),
        ),
        (
            "date,symbol,title\n31-7-2022,X,A\n",
            {"day_first": False},
            ("row 2: '31-7-2022' does not have news.date_format '%m-%d-%Y'"),
        ),
        ("date,symbol,title\n2024-01-02,X,A\n", {"timezone": "Mars"}, "news.timezone 'Mars' is not a time zone"),
        ("date,symbol,title\n2024-01-02,X,A,B\n", {}, "row 2 has 4 fields instead of 3; every row must have as many"),
        ("date,symbol,title\n2024-01-02,X,\n", {}, "news.csv: no row has a title and an instrument (1 rows were read)"),
        ("date,symbol,title\n2999-01-02,X,A\n", {}, "row 2: '2999-01-02' is 2999-01-02 00:00 which is after tomorrow"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, **settings)
    assert message in str(caught.value)
    assert "data." not in str(caught.value)
