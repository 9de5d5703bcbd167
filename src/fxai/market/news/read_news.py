"""Reads the news of `news.file`.

The steps: tables, columns, rows without a title or an instrument, times, order, repeated rows. Each row that is left
out is counted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import ReadingNote
from fxai.market.news.news import News, NewsReading, ReadCounts
from fxai.market.news.news_columns import NewsColumns, find_news_columns
from fxai.market.news.news_table import news_tables
from fxai.market.news.publication import publication_times
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.source_files import content_hash, source_files
from fxai.market.reading.table import with_row_numbers
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.news_config import NewsConfig

_COLUMNS = ["published", "symbol", "title", "summary"]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a table that are news."""

    frame: pd.DataFrame  # `_COLUMNS`
    read: int
    without_title: int
    without_instrument: int
    dates_alone: int
    columns: NewsColumns
    notes: tuple[ReadingNote, ...]


def read_news(config: NewsConfig) -> NewsReading:
    """Read the news of a file, or of the files of a folder or a pattern.

    Rows may be in any order. Rows without a title or an instrument are dropped, and those with the instrument, the
    time and the title of an earlier row. The counts have their numbers.

    Raises:
        DataError: If a file cannot be read, a column is missing, a time cannot be read, or there is no news.
    """
    path = expanded_path(config.file)
    files = source_files(path, path.name)
    tables = [table for file in files for table in news_tables(file.content, file.name)]
    return _joined([_rows(table, config) for table in tables], content_hash(files), path.name)


def read_news_frame(frame: pd.DataFrame, config: NewsConfig, name: str = "data frame") -> NewsReading:
    """News of a data frame with the same columns as a file; `config.file` has no effect. See `read_news`."""
    table = with_row_numbers(frame)
    digest = hashlib.sha256(pd.util.hash_pandas_object(table.astype(str)).to_numpy().tobytes()).hexdigest()
    return _joined([_rows(ParsedTable(name, table), config)], digest, name)


def _rows(table: ParsedTable, config: NewsConfig) -> _Rows:
    columns = find_news_columns([str(name) for name in table.frame.columns], config, table.name)
    titles = _texts(table.frame[columns.title])
    symbols = (
        pd.Series(config.instrument, titles.index) if columns.symbol is None else _texts(table.frame[columns.symbol])
    )
    has_title, has_symbol = titles != "", symbols != ""
    if len(titles) and not has_symbol.any():
        raise DataError(
            f"{table.name}: the column {columns.symbol!r} names no instrument in any row; name another column by "
            "news.columns, such as {symbol: 3}, or one instrument for all rows by news.instrument"
        )
    kept = has_title & has_symbol
    frame = pd.DataFrame(columns=_COLUMNS)
    dates_alone, notes = 0, table.notes
    if kept.any():
        published = publication_times(table.frame[kept], columns.time, config, table.name)
        summaries = pd.Series("", titles.index) if columns.summary is None else _texts(table.frame[columns.summary])
        values = (published.utc, symbols[kept].to_numpy(), titles[kept].to_numpy(), summaries[kept].to_numpy())
        frame = pd.DataFrame(dict(zip(_COLUMNS, values, strict=True)))
        dates_alone, notes = int(published.dates_alone.sum()), (*notes, *published.notes)
    return _Rows(
        frame=frame,
        read=len(titles),
        without_title=int((~has_title).sum()),
        without_instrument=int((has_title & ~has_symbol).sum()),
        dates_alone=dates_alone,
        columns=columns,
        notes=notes,
    )


def _texts(cells: pd.Series) -> pd.Series:
    """The cells as text with single spaces, so that a title is one line; empty text for an empty cell."""
    return cells.astype(object).where(cells.notna(), "").astype(str).str.split().str.join(" ")


def _joined(parts: Sequence[_Rows], digest: str, source: str) -> NewsReading:
    read = sum(part.read for part in parts)
    frames = [part.frame for part in parts if len(part.frame)]
    if not frames:
        raise DataError(f"{source}: no row has a title and an instrument ({read} rows were read)")
    frame = pd.concat(frames, ignore_index=True).sort_values("published", kind="stable")
    distinct = frame[~frame.duplicated(["published", "symbol", "title"])]
    codes, names = pd.factorize(distinct["symbol"], sort=True)
    news = News(
        names=tuple(map(str, names)),
        instrument=codes.astype(np.int64, copy=False),
        published=distinct["published"].to_numpy().astype("datetime64[ns]"),
        titles=tuple(distinct["title"]),
        summaries=tuple(distinct["summary"]),
        content_hash=digest,
    )
    counts = ReadCounts(
        read=read,
        without_title=sum(part.without_title for part in parts),
        without_instrument=sum(part.without_instrument for part in parts),
        repeated=len(frame) - len(distinct),
        dates_alone=sum(part.dates_alone for part in parts),
    )
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return NewsReading(news, counts, parts[0].columns.named(), notes)
