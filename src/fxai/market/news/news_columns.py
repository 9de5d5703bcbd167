"""Finds the columns of a file of news by the names that common exports use."""

from collections.abc import Sequence
from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.reading.columns import find_time, given_columns, plain_name
from fxai.spec.fields.news_config import NewsConfig

_PUBLISHED = ("published", "published_at", "publishedat", "pubdate", "pub_date", "publication_date", "created_at")
_SYMBOL = ("stock_symbol", "symbol", "ticker", "tic", "stock", "instrument", "pair")
_TITLE = ("article_title", "title", "headline", "news_title")
_SUMMARY = ("textrank_summary", "summary", "lsa_summary", "luhn_summary", "lexrank_summary", "description", "text")


@dataclass(frozen=True, slots=True)
class NewsColumns:
    """The file's names of the columns to read."""

    time: tuple[str, ...]  # one column, or date and time of day
    title: str
    symbol: str | None  # None: `news.instrument` names the instrument of all rows
    summary: str | None

    def named(self) -> dict[str, str]:
        """Names of the columns in the file, by meaning, without missing columns."""
        found = {"time": " + ".join(self.time), "symbol": self.symbol, "title": self.title, "summary": self.summary}
        return {meaning: name for meaning, name in found.items() if name is not None}


def find_news_columns(names: Sequence[str], config: NewsConfig, source: str) -> NewsColumns:
    """Find each column.

    Args:
        names: The file's names.
        config: `columns`, which replace names that are recognized, and `instrument`.
        source: Name in messages.

    Raises:
        DataError: If the column of times, titles or instruments is missing; the message lists the file's columns.
    """
    if not names:
        raise DataError(f"{source}: the table has no columns")
    by_plain = {plain_name(name): name for name in reversed(names)}
    given = given_columns(names, config.columns or {}, source, "news.columns")

    def found(meaning: str, synonyms: Sequence[str]) -> str | None:
        known = (by_plain[each] for each in synonyms if each in by_plain)
        return given.get(meaning) or next(known, None)

    published = found("time", _PUBLISHED) if "date" not in given else None
    time = (published,) if published else find_time(given, by_plain, names)
    title, symbol = found("title", _TITLE), found("symbol", _SYMBOL)
    missing = [meaning for meaning, column in (("time", time), ("title", title)) if not column]
    if title is None or missing:
        raise DataError(
            f"{source}: no column for {', '.join(missing)}; the file has {', '.join(names)}. Name the columns by "
            f"news.columns, such as {{{missing[0]}: {names[0] or 1}}}"
        )
    if symbol is None and config.instrument is None:
        raise DataError(
            f"{source}: no column names the instrument of the news; the file has {', '.join(names)}. Name it by "
            "news.columns, such as {symbol: Stock_symbol}, or name one instrument for all rows by news.instrument"
        )
    columns = NewsColumns(
        time=time,
        title=title,
        symbol=symbol if config.instrument is None else None,
        summary=found("summary", _SUMMARY),
    )
    _check_distinct(columns, names, source)
    return columns


def _check_distinct(columns: NewsColumns, names: Sequence[str], source: str) -> None:
    meanings: dict[str, str] = {}
    others = (("title", columns.title), ("symbol", columns.symbol), ("summary", columns.summary))
    for meaning, name in (*(("time", name) for name in columns.time), *others):
        if name is None:
            continue
        if name in meanings:
            raise DataError(
                f"{source}: the column {name!r} is read as {meanings[name]} and as {meaning}; correct news.columns"
            )
        if list(names).count(name) > 1:
            raise DataError(f"{source}: the column {name!r} occurs more than once; keep one of them")
        meanings[name] = meaning
