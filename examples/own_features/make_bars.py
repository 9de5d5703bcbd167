"""Writes bars.csv: the bars that FxAI includes, with two indicators as further columns.

python examples/own_features/make_bars.py

An export of a trading platform or of a data service looks like this. The value of a row may depend on its bar and on
earlier bars only: it is taken as known at the close of the bar. The first rows have no value of the indicators.
"""

from pathlib import Path

import pandas as pd

from fxai.market.reading.read_bars import load_bars
from fxai.spec.fields.data_config import DataConfig

FILE = Path(__file__).with_name("bars.csv")

bars = load_bars(DataConfig(source="eurusd_1h"))
table = pd.DataFrame({name: getattr(bars, name) for name in ("time", "open", "high", "low", "close", "volume")})

change = table["close"].diff()
gains = change.clip(lower=0).ewm(alpha=1 / 14, min_periods=14).mean()
losses = -change.clip(upper=0).ewm(alpha=1 / 14, min_periods=14).mean()
table["rsi"] = 100 - 100 / (1 + gains / losses)
table["range_rank"] = (table["high"] - table["low"]).rolling(100).rank(pct=True)

table.to_csv(FILE, index=False)
print(f"{FILE}: {len(table)} bars")
