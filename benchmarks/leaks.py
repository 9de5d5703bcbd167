"""How many planted leaks the tests of `fxai check --leaks` find, and how many clean sets they accuse.

    python benchmarks/leaks.py [--smoke] [--markets N] [--each] [--noise N]

Twenty leaks: ten functions from bars to columns and ten columns of a file. Fifty clean sets of four to seven columns:
indicators, calendars, earlier daily values, models that are updated bar by bar, and columns that have nothing to do
with the bars. The bars are EURUSD of 1, 2 and 4 hours, planted markets and shuffled bars. A set is accused if any of
its columns has a finding, of either test. With `--each` every leak is planted in every market.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

import honest_columns
import leaking_sets
import smoke
from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.check_columns import check_columns
from fxai.market.leaks.check_function import check_function
from fxai.market.leaks.check_scaling import check_scaling
from fxai.market.leaks.findings import LeakFinding
from fxai.market.reading.read_bars import load_bars
from fxai.spec.fields.data_config import DataConfig

NOISE_SETS = 2  # of each market
MARKETS: Mapping[str, tuple[str, str | None]] = {
    "EURUSD, 1 h": ("eurusd_1h", None),
    "planted": ("planted_1h:7", None),
    "EURUSD, 2 h": ("eurusd_1h", "2h"),
    "shuffled": ("shuffled_1h:3", None),
    "EURUSD, 4 h": ("eurusd_1h", "4h"),
}


@dataclass(frozen=True, slots=True)
class Tested:
    """One set of columns, and its findings."""

    name: str
    market: str
    test: str  # exact, or statistical, or both
    findings: tuple[LeakFinding, ...]


@cache
def bars_of(market: str) -> Bars:
    source, length = MARKETS[market]
    return load_bars(DataConfig(source=source, resample=length))


def exact(market: str, function: Callable[[Bars], Mapping[str, FloatArray]]) -> tuple[LeakFinding, ...]:
    return check_function(bars_of(market), function).findings


def named(name: str, column: Callable[[Bars], FloatArray], bars: Bars) -> Mapping[str, FloatArray]:
    return {name: column(bars)}


def statistical(market: str, columns: Mapping[str, FloatArray]) -> tuple[LeakFinding, ...]:
    return (*check_scaling(columns).findings, *check_columns(bars_of(market), columns).findings)


def leaks(markets: list[str], *, each: bool) -> Iterator[Tested]:
    """The planted leaks, on one market after the other, or each on every market."""
    for index, (name, column) in enumerate(leaking_sets.FUNCTIONS.items()):
        for market in markets if each else [markets[index % len(markets)]]:
            yield Tested(name, market, "exact", exact(market, partial(named, name, column)))
    for index, (name, column) in enumerate(leaking_sets.COLUMNS.items()):
        for market in markets if each else [markets[index % len(markets)]]:
            yield Tested(name, market, "statistical", statistical(market, {name: column(bars_of(market))}))


def clean(markets: list[str], noise_sets: int) -> Iterator[Tested]:
    """The clean sets. Functions of bars are tested both ways, the noise only as columns."""
    for market in markets:
        bars = bars_of(market)
        for name, function in honest_columns.FUNCTIONS.items():
            found = (*exact(market, function), *statistical(market, function(bars)))
            yield Tested(name, market, "both", found)
        for seed in range(noise_sets):
            yield Tested(f"noise {seed}", market, "statistical", statistical(market, honest_columns.noise(bars, seed)))


def shown(tested: Tested) -> str:
    found = "; ".join(f"{each.column}: {each.kind}, {each.text}" for each in tested.findings[:1])
    return f"{tested.name:28}{tested.market:14}{tested.test:13}{found[:90]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=len(MARKETS), help="the first so many markets")
    parser.add_argument("--each", action="store_true", help="every leak in every market")
    parser.add_argument("--noise", type=int, default=NOISE_SETS, help="sets of noise of each market")
    options = smoke.parse(parser, {"markets": 1})
    markets = list(MARKETS)[: options.markets]
    began, processor = time.perf_counter(), time.process_time()
    with np.errstate(invalid="ignore", divide="ignore"):
        planted = list(leaks(markets, each=options.each))
        honest = list(clean(markets, options.noise))
    print("Planted leaks")
    print(*(f"  {'found ' if each.findings else 'MISSED'} {shown(each)}" for each in planted), sep="\n")
    print("Clean sets")
    print(*(f"  {'ACCUSED' if each.findings else 'clean  '} {shown(each)}" for each in honest), sep="\n")
    print(
        json.dumps(
            {
                f"found_of_{len(planted)}": sum(bool(each.findings) for each in planted),
                f"accused_of_{len(honest)}": sum(bool(each.findings) for each in honest),
                "seconds": round(time.perf_counter() - began, 1),
                "cpu_seconds": round(time.process_time() - processor, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
