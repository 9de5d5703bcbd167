from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fxai.errors import InputError
from fxai.market.scores.bar_returns import BarReturns, read_bar_returns
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.market.scores.scored_steps import ScoredSteps, SpanScore
from fxai.market.splits.splits import Span


def score(seed: int) -> SpanScore:
    returns = np.random.default_rng(seed).normal(0, 1e-3, 60)
    none = np.zeros(60)
    return SpanScore.of(ScoredSteps(100 * returns, returns, none, none, none), 6280.0, [20] * 3)


def test_a_file_holds_what_was_written(tmp_path: Path):
    windows = ((Span(701, 721), Span(722, 762)),) * 2
    of_agents = BarReturns.of(50, (7, 9), [score(1), score(2)], rewards=True)
    written = replace(of_agents, folds=(1, 0), windows=windows)
    written.write(tmp_path / "trial" / "returns.safetensors")
    read = read_bar_returns(tmp_path / "trial" / "returns.safetensors")
    assert (read.step, read.seeds, read.folds, read.windows) == (50, (7, 9), (1, 0), windows)
    assert np.array_equal(read.returns, written.returns)
    assert read.rewards is not None
    assert np.allclose(read.rewards, 100 * read.returns)
    assert read.returns.dtype == np.float32
    assert np.allclose(read.returns[0], score(1).returns)


def test_a_file_of_ten_thousand_trials_share_is_small(tmp_path: Path):
    scores = [SpanScore.of(ScoredSteps(*np.zeros((5, 1221))), 6280.0)] * 4
    BarReturns.of(50, range(4), scores, rewards=False).write(tmp_path / "returns")
    assert (tmp_path / "returns").stat().st_size < 20_000


@pytest.mark.parametrize("content", [b"", b"no safetensors", b"\x02\0\0\0\0\0\0\0{}"])
def test_another_file_is_refused_with_its_path(tmp_path: Path, content: bytes):
    (tmp_path / "returns").write_bytes(content)
    with pytest.raises(InputError, match="returns"):
        read_bar_returns(tmp_path / "returns")


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path):
    with pytest.raises(InputError, match="missing"):
        read_bar_returns(tmp_path / "missing")


def test_the_bars_of_several_instruments_are_in_the_file(tmp_path: Path) -> None:
    time = np.datetime64("2024-01-01", "ns") + np.arange(5) * np.timedelta64(1, "h")
    instruments = InstrumentBars(("A", "B"), (3, 2), (6280.0, 6100.0), time)
    windows = ((Span(1, 4), Span(11, 13)),) * 2
    written = BarReturns(4, (1, 2), np.ones((2, 5), np.float32), windows=windows, instruments=instruments)
    written.write(tmp_path / "returns.safetensors")
    found = read_bar_returns(tmp_path / "returns.safetensors")
    assert found.windows == windows
    assert found.instruments is not None
    assert found.instruments.names == instruments.names
    assert found.instruments.counts == instruments.counts
    assert found.instruments.bars_per_year == instruments.bars_per_year
    np.testing.assert_array_equal(found.instruments.time, time)
