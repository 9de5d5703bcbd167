import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.mapped import market_cache
from fxai.market.mapped.market_cache import cache_folder, mapped_markets
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.market.markets.dataset import Market, prepare_folds
from fxai.market.markets.instruments import MarketSet, prepare_set
from fxai.market.rules.quotes import QuoteTable
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig
from instrument_bars import frame_of, instrument_bars, write_instruments

BARS = 3_000
SPLITS: list[dict[str, Any]] = [{}, {"walk_forward": {"folds": 3}}, {"combinatorial": {"groups": 4, "test_groups": 2}}]

FEWEST_BYTES = market_cache.FEWEST_BYTES


@pytest.fixture(autouse=True)
def _small_files_are_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_cache, "FEWEST_BYTES", 0)


def write_bars(path: Path, seed: int = 0, **columns: Any) -> DataConfig:
    rng = np.random.default_rng(seed)
    close = np.exp(np.cumsum(rng.normal(0, 1e-3, BARS)))
    opens = np.concatenate([[1.0], close[:-1]])
    bars = {"open": opens, "high": np.maximum(opens, close), "low": np.minimum(opens, close), "close": close, **columns}
    pd.DataFrame({"time": pd.date_range("2017-01-02", periods=BARS, freq="h"), **bars}).to_csv(path, index=False)
    return DataConfig(source=str(path))


def entries() -> list[Path]:
    return sorted(cache_folder().glob("[0-9a-f]*"))


def prepared(config: DataConfig) -> list[Market]:
    return list(prepare_folds(config)) if config.split.has_folds else list(prepare_set(config).markets)


def assert_equal(found: MappedMarkets | None, config: DataConfig) -> None:
    """To the bit, the mapped markets are what a process prepares for itself."""
    assert found is not None
    alone, parts = prepare_set(config), prepared(config)
    for field in fields(MarketSet):
        if field.name != "markets":
            assert getattr(found.markets, field.name) == getattr(alone, field.name)
    for market, expected in zip(found.markets.markets, alone.markets, strict=True):
        assert_equal_markets(market, expected)
    tables = [QuoteTable.of_market(part) for part in parts]
    np.testing.assert_array_equal(found.quotes, np.concatenate([table.rows for table in tables]).astype(np.float32))
    features = np.concatenate([part.features for part in parts])
    np.testing.assert_array_equal(found.features, features.astype(np.float32))
    assert found.has_spread == tables[0].has_spread
    assert found.has_nights


def assert_equal_markets(market: Market, prepared: Market) -> None:
    for field in fields(Market):
        mapped, expected = getattr(market, field.name), getattr(prepared, field.name)
        if field.name == "features":
            expected = expected.astype(np.float32)
        if isinstance(expected, np.ndarray):
            assert mapped.dtype == expected.dtype
            np.testing.assert_array_equal(mapped, expected, strict=True)
        else:
            assert mapped == expected


@pytest.mark.parametrize("split", SPLITS)
def test_mapped_markets_are_those_that_a_process_prepares(split: dict[str, Any], tmp_path: Path) -> None:
    spread = np.full(BARS, 0.0001)
    config = write_bars(tmp_path / "a.csv", volume=np.arange(BARS), spread=spread)
    config = DataConfig.model_validate({"source": config.source, "split": split, "spread_unit": 1.0})
    assert_equal(mapped_markets(config), config)
    (entry,) = entries()
    made = (entry / "index.json").stat().st_mtime_ns
    assert_equal(mapped_markets(config), config)
    assert (entry / "index.json").stat().st_mtime_ns == made


@pytest.mark.parametrize("form", ["mapping", "folder", "one file"])
def test_the_markets_of_several_instruments_are_joined(form: str, tmp_path: Path) -> None:
    sources = write_instruments(tmp_path / "bars")
    tables = {name: frame_of(bars).assign(symbol=name) for name, bars in instrument_bars().items()}
    pd.concat(tables.values()).to_csv(tmp_path / "all.csv", index=False)
    forms: dict[str, dict[str, Any]] = {
        "mapping": {"source": sources},
        "folder": {"source": str(tmp_path / "bars"), "instruments": "all"},
        "one file": {"source": str(tmp_path / "all.csv"), "instruments": ["EUR", "AUD"]},
    }
    features = {"volatility_windows": [24], "instrument": True}
    config = DataConfig.model_validate({**forms[form], "features": features})
    for _ in range(2):
        assert_equal(mapped_markets(config), config)
    assert len(entries()) == 1


def test_a_file_that_becomes_another_instrument_is_another_market(tmp_path: Path) -> None:
    write_instruments(tmp_path / "bars")
    config = DataConfig.model_validate({"source": str(tmp_path / "bars"), "instruments": "all"})
    mapped_markets(config)
    (tmp_path / "bars" / "EUR.csv").rename(tmp_path / "bars" / "NOK.csv")
    assert_equal(mapped_markets(config), config)
    assert len(entries()) == 2


def test_other_bars_or_another_configuration_are_another_market(tmp_path: Path) -> None:
    config = write_bars(tmp_path / "a.csv")
    mapped_markets(config)
    write_bars(tmp_path / "a.csv", seed=1)
    assert_equal(mapped_markets(config), config)
    assert len(entries()) == 2
    fewer = DataConfig.model_validate({"source": config.source, "features": {"time": False}})
    assert_equal(mapped_markets(fewer), fewer)
    assert len(entries()) == 3


def test_other_code_makes_the_market_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_bars(tmp_path / "a.csv")
    mapped_markets(config)
    monkeypatch.setattr(market_cache, "version", lambda name: f"{name} 0")
    market_cache._made_by.cache_clear()
    mapped_markets(config)
    market_cache._made_by.cache_clear()
    assert len(entries()) == 2


@pytest.mark.parametrize("name", ["features", "quotes", "index.json", "0.close"])
def test_a_damaged_market_is_made_again(name: str, tmp_path: Path) -> None:
    config = write_bars(tmp_path / "a.csv")
    mapped_markets(config)
    (entry,) = entries()
    content = bytearray((entry / name).read_bytes())
    content[len(content) // 2] ^= 1
    (entry / name).write_bytes(content)
    assert_equal(mapped_markets(config), config)
    (entry / name).unlink()
    assert_equal(mapped_markets(config), config)
    assert entries() == [entry]


def test_an_unfinished_market_of_a_killed_worker_is_made_anew(tmp_path: Path) -> None:
    config = write_bars(tmp_path / "a.csv")
    mapped_markets(config)
    (entry,) = entries()
    entry.rename(entry.with_name(f".{entry.name}.tmp"))
    assert_equal(mapped_markets(config), config)
    assert sorted(path.name for path in cache_folder().iterdir()) == [entry.name, "locks"]


def test_the_markets_that_were_used_last_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [write_bars(tmp_path / f"{seed}.csv", seed) for seed in range(3)]
    kept = []
    for config in configs[:2]:
        mapped_markets(config)
        kept.append(next(entry for entry in entries() if entry not in kept))
    for entry, second in zip(kept, (1, 2), strict=True):  # file systems do not tell apart times of one clock tick
        os.utime(entry, (second, second))
    monkeypatch.setattr(market_cache, "_MOST_BYTES", 2.5 * sum(each.stat().st_size for each in kept[0].iterdir()))
    first = mapped_markets(configs[0])
    assert first is not None
    mapped_markets(configs[2])
    assert kept[0] in entries()
    assert kept[1] not in entries()
    shutil.rmtree(kept[0])
    assert_equal(first, configs[0])  # what is mapped stays


def test_small_files_and_generated_bars_are_not_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_cache, "FEWEST_BYTES", FEWEST_BYTES)
    assert mapped_markets(DataConfig()) is None
    assert mapped_markets(write_bars(tmp_path / "a.csv")) is None
    assert not cache_folder().exists()


def test_small_files_and_named_data_are_found_once_the_parent_of_a_study_has_written_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_cache, "FEWEST_BYTES", FEWEST_BYTES)
    for config in (DataConfig(), DataConfig(source="planted_1h"), write_bars(tmp_path / "a.csv")):
        assert_equal(mapped_markets(config, write_small=True), config)
        assert_equal(mapped_markets(config), config)


def test_a_pipe_is_left_to_its_only_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert mapped_markets(DataConfig(source=str(tmp_path / "a.csv")), write_small=True) is None


def test_features_of_columns_are_mapped_and_those_of_a_function_are_not(tmp_path: Path) -> None:
    data = write_bars(tmp_path / "a.csv", rsi=np.arange(BARS))
    with_column = data.model_copy(update={"features": FeatureConfig(columns=("rsi",))})
    assert_equal(mapped_markets(with_column), with_column)
    features = FeatureConfig(function="my_features:build", function_window=1)
    assert mapped_markets(data.model_copy(update={"features": features})) is None


def test_without_a_cache_folder_nothing_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a.csv"))  # a file, in which no folder can be made
    assert mapped_markets(write_bars(tmp_path / "a.csv")) is None


def test_wrong_bars_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    config = write_bars(tmp_path / "a.csv", spread=np.full(BARS, 2.0))
    config = DataConfig(source=config.source, spread_unit=1.0)
    with pytest.raises(DataError, match="spread"):
        mapped_markets(config)
    assert not entries()


@pytest.fixture
def two_processes(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that have read all quotes and features of one market."""
    config = write_bars(tmp_path / "a.csv")
    program = (
        "import sys\n"
        "from fxai.market.mapped import market_cache\n"
        "from fxai.spec.fields.data_config import DataConfig\n"
        "market_cache.FEWEST_BYTES = 0\n"
        "found = market_cache.mapped_markets(DataConfig(source=sys.argv[1]))\n"
        "print(found.quotes.sum() + found.features.sum(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(config.source)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline()
    yield started
    for process in started:
        process.communicate("")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's sizes of mappings")
def test_processes_share_the_memory_of_a_market(two_processes: list[subprocess.Popen[str]]) -> None:
    (entry,) = entries()
    size = sum((entry / name).stat().st_size for name in ("quotes", "features"))
    shares = [proportional_bytes(process.pid, str(entry)) for process in two_processes]
    assert 0.9 * size < sum(shares) < 1.2 * size
    assert min(shares) > 0.4 * size


def proportional_bytes(pid: int, folder: str) -> int:
    """The proportional set size of the mappings of the files of a folder."""
    total, of_folder = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first = line.split(maxsplit=1)[0]
        if not first.endswith(":"):
            of_folder = folder in line
        elif first == "Pss:" and of_folder:
            total += int(line.split()[1]) * 1024
    return total
