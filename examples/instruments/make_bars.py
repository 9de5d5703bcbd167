"""Writes the bars of three instruments for instruments.yaml, made from the bars that FxAI includes.

They are the real EURUSD bars of 2017, the same market quoted the other way round, and its hours of the London day.
The last one has fewer bars, as instruments of another calendar do.

    python make_bars.py
"""

from pathlib import Path

import pandas as pd

from fxai.market.reading.read_bars import load_bars
from fxai.spec.fields.data_config import DataConfig

FOLDER = Path(__file__).parent / "bars"
LONDON = range(7, 17)  # hours in UTC


def main() -> None:
    shipped = load_bars(DataConfig(source="eurusd_1h"))
    columns = ("time", "open", "high", "low", "close", "volume")
    eurusd = pd.DataFrame({name: getattr(shipped, name) for name in columns})
    inverse = {
        "open": 1 / eurusd["open"],
        "high": 1 / eurusd["low"],
        "low": 1 / eurusd["high"],
        "close": 1 / eurusd["close"],
    }
    instruments = {
        "EURUSD": eurusd,
        "USDEUR": eurusd.assign(**inverse),
        "LONDON": eurusd[eurusd["time"].dt.hour.isin(LONDON)],
    }
    FOLDER.mkdir(exist_ok=True)
    for name, bars in instruments.items():
        bars.to_csv(FOLDER / f"{name}.csv", index=False)
        print(f"{FOLDER / name}.csv: {len(bars)} bars")


if __name__ == "__main__":
    main()
