"""Small files in the layouts of common exports, made of known bars of one hour."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fxai.market.reading.synthetic_market import synthetic_market

_MARKET = synthetic_market(seed=1, bars=60)
KNOWN = pd.DataFrame(
    {
        "open": _MARKET.open.round(5),
        "high": np.maximum(_MARKET.high, np.maximum(_MARKET.open, _MARKET.close)).round(5),
        "low": np.minimum(_MARKET.low, np.minimum(_MARKET.open, _MARKET.close)).round(5),
        "close": _MARKET.close.round(5),
        "volume": np.arange(1000, 1060),
    },
    index=pd.DatetimeIndex(_MARKET.time),
)
"""The bars that every file holds, by their opens in UTC."""


@dataclass(frozen=True)
class Export:
    """A file of an exporter."""

    make: Callable[[], bytes]
    config: Mapping[str, Any] = field(default_factory=dict)  # keys of `data` that its user sets
    volume: float | None = 1.0  # factor of the volume; None if the file has none
    notes: tuple[str, ...] = ()  # subjects of the notes


def stamps(form: str, zone: str = "UTC") -> list[str]:
    return list(pd.DatetimeIndex(KNOWN.index).tz_localize("UTC").tz_convert(zone).strftime(form))


def epochs(unit: str) -> list[int]:
    return KNOWN.index.astype(f"datetime64[{unit}]").astype(np.int64).tolist()


def lines(rows: pd.DataFrame, separator: str = ",", *, header: bool = True, **options: Any) -> bytes:
    text: str = rows.to_csv(None, index=False, sep=separator, header=header, lineterminator="\n", **options)
    return text.encode()


def table(time: str, cells: list[Any], names: str = "open high low close volume") -> pd.DataFrame:
    """The bars under other names, behind a column with the times."""
    bars = KNOWN.set_axis(names.split(), axis="columns").reset_index(drop=True)
    bars.insert(0, time, cells)
    return bars


def bare(*leading: list[Any], behind: Mapping[str, Any] | None = None, separator: str = ",") -> bytes:
    """A file without a header: columns of times, the bars, and more columns."""
    bars = KNOWN.reset_index(drop=True).assign(**(behind or {}))
    for position, cells in enumerate(leading):
        bars.insert(position, f"time {position}", cells)
    return lines(bars, separator, header=False)


def klines(unit: str = "ms") -> bytes:
    length = {"ms": 3_600_000, "us": 3_600_000_000}[unit]
    more = {
        "end": np.array(epochs(unit)) + length - 1,
        "quote": 5.5,
        "trades": 7,
        "base": 2.25,
        "taker": 3.5,
        "ignore": 0,
    }
    return bare(epochs(unit), behind=more)


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def metatrader_5() -> bytes:
    bars = table("<DATE>", stamps("%Y.%m.%d"), "<OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL>").assign(
        **{"<VOL>": 0, "<SPREAD>": 8}
    )
    bars.insert(1, "<TIME>", stamps("%H:%M:%S"))
    return lines(bars, "\t")


def yfinance() -> bytes:
    bars = table("Date", stamps("%Y-%m-%d %H:%M:%S+00:00"), "Open High Low Close Volume")
    bars = bars[["Date", "Close", "High", "Low", "Open", "Volume"]]
    return b"Price,Close,High,Low,Open,Volume\nTicker,ACME,ACME,ACME,ACME,ACME\nDatetime,,,,,\n" + lines(
        bars, header=False
    )


def cryptodatadownload() -> bytes:
    bars = table("date", stamps("%Y-%m-%d %H:%M:%S"), "open high low close volume")
    bars = bars.rename(columns={"volume": "Volume BTC"}).assign(**{"Volume USD": 12.5})
    bars.insert(0, "unix", epochs("s"))
    bars.insert(2, "symbol", "BTC/USD")
    return b"https://www.CryptoDataDownload.com\n" + lines(bars.iloc[::-1])


def tradestation() -> bytes:
    bars = table("Date", stamps("%m/%d/%Y"), "Open High Low Close Up").assign(Down=0)
    bars.insert(1, "Time", stamps("%H:%M"))
    return lines(bars, quoting=2)


def investing() -> bytes:
    bars = table("Date", stamps("%m/%d/%Y %H:%M"), "Open High Low Price Vol.")
    bars["Vol."] = [f"{volume / 1000:.2f}K" for volume in KNOWN["volume"]]
    bars = bars[["Date", "Price", "Open", "High", "Low", "Vol."]].assign(**{"Change %": "0.12%"})
    return lines(bars.iloc[::-1], quoting=1)


def german(*, thousands: bool = False) -> bytes:
    bars = table("Datum", stamps("%d.%m.%Y %H:%M"), "Er\u00f6ffnung Hoch Tief Schluss Volumen")
    text = bars.astype(str)
    for name in ("Er\u00f6ffnung", "Hoch", "Tief", "Schluss"):
        text[name] = text[name].str.replace(".", ",")
    if thousands:
        text["Volumen"] = [f"{volume:,}".replace(",", ".") for volume in KNOWN["volume"]]
    return text.to_csv(index=False, sep=";").encode("cp1252")


def records(names: str = "o h l c v", *, time: list[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        table("t", time, names).assign(n=3, vw=1.5).to_json(orient="records", double_precision=15)
    )
    return found


def arrow() -> bytes:
    sink = pa.BufferOutputStream()
    rows = pa.Table.from_pandas(table("time", list(KNOWN.index)), preserve_index=False)
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def parquet() -> bytes:
    buffer = io.BytesIO()
    KNOWN.rename_axis("Date").to_parquet(buffer)
    return buffer.getvalue()


def plain() -> bytes:
    return lines(table("time", stamps("%Y-%m-%d %H:%M:%S")))


GERMAN = {
    "time": "Datum",
    "open": "Er\u00f6ffnung",
    "high": "Hoch",
    "low": "Tief",
    "close": "Schluss",
    "volume": "Volumen",
}
US_DATES = {"date_format": "%m/%d/%Y %H:%M"}

EXPORTS: dict[str, Export] = {  # by the first cell of its row in docs/how_to/file_formats.md, and the variant
    "MetaTrader 4": Export(lambda: bare(stamps("%Y.%m.%d"), stamps("%H:%M")), notes=("layout",)),
    "MetaTrader 5": Export(metatrader_5, notes=("spread",)),
    "MetaTrader 4, server time": Export(
        lambda: bare(stamps("%Y.%m.%d", "Europe/Athens"), stamps("%H:%M", "Europe/Athens")),
        {"timezone": "Europe/Athens"},
        notes=("layout",),
    ),
    "HistData": Export(
        lambda: bare(stamps("%Y%m%d %H%M%S", "Etc/GMT+5"), separator=";"), {"timezone": "-05:00"}, notes=("layout",)
    ),
    "Dukascopy": Export(
        lambda: lines(table("Gmt time", stamps("%d.%m.%Y %H:%M:%S.000"), "Open High Low Close Volume"))
    ),
    "Binance klines": Export(klines, notes=("layout",)),
    "Binance klines, microseconds, zip": Export(
        lambda: zipped(**{"BTCUSDT-1h-2025-01": klines("us")}), notes=("layout",)
    ),
    "CryptoDataDownload": Export(cryptodatadownload),
    "Kraken": Export(lambda: bare(epochs("s"), behind={"trades": 3}), notes=("layout",)),
    "Alpaca, JSON": Export(
        lambda: json.dumps({"bars": records(time=stamps("%Y-%m-%dT%H:%M:%SZ")), "symbol": "ACME"}).encode()
    ),
    "Alpaca, CSV": Export(lambda: lines(table("t", stamps("%Y-%m-%dT%H:%M:%SZ"), "o h l c v").assign(n=3, vw=1.5))),
    "Polygon, JSON": Export(lambda: json.dumps({"ticker": "ACME", "results": records(time=epochs("ms"))}).encode()),
    "Polygon, CSV": Export(lambda: lines(table("t", epochs("ms"), "o h l c v"))),
    "Alpaca, JSON lines": Export(
        lambda: "\n".join(json.dumps(row) for row in records(time=stamps("%Y-%m-%dT%H:%M:%SZ"))).encode()
    ),
    "yfinance": Export(yfinance),
    "pandas": Export(lambda: KNOWN.to_csv().encode()),
    "TradingView": Export(lambda: lines(table("time", stamps("%Y-%m-%dT%H:%M:%SZ"), "open high low close Volume"))),
    "Investing": Export(investing, US_DATES, volume=1.0),
    "Interactive Brokers": Export(
        lambda: lines(table("date", stamps("%Y-%m-%d %H:%M:%S+00:00")).assign(average=1.5, barCount=3))
    ),
    "TradeStation": Export(tradestation, US_DATES, volume=None),
    "Excel, German": Export(german, {"columns": GERMAN}, notes=("encoding", "numbers")),
    "Excel, German, thousands": Export(
        lambda: german(thousands=True), {"columns": GERMAN}, notes=("encoding", "numbers")
    ),
    "text, AM and PM": Export(lambda: lines(table("Date", stamps("%Y-%m-%d %I:%M:%S %p")))),
    "text, columns by number": Export(
        lambda: bare(stamps("%Y-%m-%d %H:%M")),
        {"columns": {"time": 1, "open": 2, "high": 3, "low": 4, "close": 5, "volume": 6}},
    ),
    "text, gzip": Export(lambda: gzip.compress(plain())),
    "text, Zstandard": Export(lambda: pa.Codec("zstd").compress(plain(), asbytes=True)),
    "text, zip": Export(lambda: zipped(bars=plain())),
    "Parquet": Export(parquet),
    "Arrow": Export(arrow),
}
