"""Tables whose columns have two names, a field and a ticker, as yfinance writes them.

They become tables with the rows of one ticker after the other, and a column that names the ticker.
"""

from collections.abc import Sequence

import pandas as pd

from fxai.errors import DataError
from fxai.market.reading.columns import names_an_open

TICKER = "Ticker"
"""Name of the column of tickers."""


def rows_of_tickers(
    time: pd.Series, values: pd.DataFrame, fields: Sequence[str], tickers: Sequence[str]
) -> pd.DataFrame:
    """The rows of all tickers, with the index of the row they come from.

    A row is left out for a ticker that has no value in it, as when the exchange of another ticker is open alone.

    Args:
        time: Times [row], with the name of their column.
        values: Cells [row, column] with the index of `time`.
        fields: Name of each column's field, such as `Open`.
        tickers: Ticker of each column.

    Returns:
        The time, the fields, and the column `TICKER`.
    """
    names = list(dict.fromkeys(tickers))
    parts = []
    for ticker in names:
        at = [place for place, each in enumerate(tickers) if each == ticker]
        part = values.iloc[:, at].set_axis([fields[place] for place in at], axis="columns")
        part.insert(0, time.name, time)
        if len(names) > 1:
            part = part[part.iloc[:, 1:].notna().any(axis="columns")]
        parts.append(part.assign(**{TICKER: ticker}))
    return pd.concat(parts)


def with_one_name(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of all tickers of a data frame with two levels of column names and the times as its index.

    Raises:
        DataError: If no level has the names of prices.
    """
    levels = [[str(each) for each in frame.columns.get_level_values(level)] for level in range(frame.columns.nlevels)]
    of_fields = [level for level, names in enumerate(levels) if any(map(names_an_open, names))]
    if len(levels) != 2 or len(of_fields) != 1:  # noqa: PLR2004 - field and ticker
        raise DataError(
            f"the columns have {len(levels)} levels of names; FxAI reads one level, or two of which one has names "
            "such as Open and the other has tickers"
        )
    rows = pd.RangeIndex(1, len(frame) + 1)
    time = pd.Series(frame.index, index=rows, name=str(frame.index.name or "time"))
    return rows_of_tickers(time, frame.set_axis(rows), levels[of_fields[0]], levels[1 - of_fields[0]])
