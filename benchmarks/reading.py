"""Time to read a CSV file of bars with all checks, compared with pandas' pyarrow engine without any.

    python benchmarks/reading.py [--smoke] [--rows N] [--memory-rows N]

Both read the same file from the page cache in turns; the ratio is that of the medians. The other lines are for other
forms of times, and for Parquet. The last line is the most memory that a process of its own takes while it reads a
Parquet file, over the memory of the bars that remain.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from fxai.market.reading.reading import read_bar_file
from fxai.spec.fields.data_config import DataConfig

ROWS, SMOKE_ROWS = 1_000_000, 20_000
MEMORY_ROWS = 10_000_000
REPEATS = 5


def bars(rows: int, first: str = "2020-01-01") -> pd.DataFrame:
    """Minutes of a random walk with five decimals."""
    rng = np.random.default_rng(0)
    close = (1.1 + np.cumsum(rng.normal(0, 1e-5, rows)) * 0.1).round(5)
    opens = np.concatenate([[1.1], close[:-1]])
    wicks = rng.integers(0, 9, (2, rows)) * 1e-5
    columns = {"open": opens, "high": np.maximum(opens, close) + wicks[0], "low": np.minimum(opens, close) - wicks[1]}
    frame = pd.DataFrame(columns | {"close": close}).round(5).assign(volume=rng.integers(1, 500, rows))
    frame.insert(0, "time", pd.date_range(first, periods=rows, freq="min"))
    return frame


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def medians(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median time of each run; the runs take turns, after one turn that is not counted."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            took = seconds(run)
            if turn:
                found[name].append(took)
    return {name: statistics.median(each) for name, each in found.items()}


def files(folder: Path, rows: int) -> dict[str, Path]:
    frame = bars(rows)
    forms = {
        "ISO": frame["time"].dt.strftime("%Y-%m-%d %H:%M:%S"),
        "milliseconds": frame["time"].astype("datetime64[ms]").astype("int64"),
        "MetaTrader": frame["time"].dt.strftime("%Y.%m.%d %H:%M"),
    }
    paths = {}
    for name, cells in forms.items():
        paths[name] = folder / f"{name}.csv"
        frame.assign(time=cells).to_csv(paths[name], index=False)
    paths["Parquet"] = folder / "bars.parquet"
    frame.to_parquet(paths["Parquet"], index=False)
    return paths


def peak_memory() -> int:
    """Most bytes of memory that this process has had; `ru_maxrss` also counts those of its parent before the start."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def memory(path: Path, short: Path) -> float:
    """Peak memory of reading a file in this process, over the memory of its bars.

    A short file is read first, because the memory of the libraries is not counted.
    """
    read_bar_file(short, DataConfig())
    before = peak_memory()
    found = read_bar_file(path, DataConfig()).bars
    arrays = (found.time, found.open, found.high, found.low, found.close, found.volume)
    return (peak_memory() - before) / sum(each.nbytes for each in arrays if each is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a small file; the output is not a measurement")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--memory-rows", type=int, default=MEMORY_ROWS)
    options = parser.parse_args()
    rows = SMOKE_ROWS if options.smoke else options.rows
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), rows)
        runs: dict[str, Callable[[], object]] = {
            f"FxAI, {name}": partial(read_bar_file, path, DataConfig()) for name, path in paths.items()
        }
        runs["pandas, ISO"] = partial(pd.read_csv, paths["ISO"], engine="pyarrow")
        took = medians(runs, 2 if options.smoke else REPEATS)
        long = Path(folder) / "long.parquet"
        bars(rows if options.smoke else options.memory_rows, first="2001-01-01").to_parquet(long, index=False)
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            of_bars = fresh.submit(memory, long, paths["Parquet"]).result()
    for name, each in took.items():
        print(f"{name:20} {each:8.3f} s  {each / took['pandas, ISO']:6.2f} times pandas")
    print(f"{'memory, Parquet':20} {of_bars:8.2f} times the bars")
    found = {"ratio": round(took["FxAI, ISO"] / took["pandas, ISO"], 2), "memory_over_bars": round(of_bars, 2)}
    print(json.dumps({"benchmark": "reading", "rows": rows, **found, "smoke": options.smoke}))


if __name__ == "__main__":
    main()
