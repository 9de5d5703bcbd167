import math

import numpy as np
import pytest
from arch.bootstrap import CircularBlockBootstrap
from hypothesis import given
from hypothesis import strategies as st

from fxai.evaluation.block_bootstrap import (
    block_length,
    mean_over_resampled_seeds,
    resampled_means,
    resampled_metric,
    row_by_row,
    variance_freedom,
    variance_of_mean,
    variance_of_replicates,
)


def returns_of(seeds: int, bars: int) -> np.ndarray:
    return np.random.default_rng(7).standard_t(5, size=(seeds, bars))


@pytest.mark.parametrize(("bars", "length"), [(1, 1), (3, 1), (40, 8), (100, 11), (1221, 24), (6280, 41)])
def test_the_length_of_a_block(bars: int, length: int):
    assert block_length(bars) == length


@given(st.integers(1, 100_000))
def test_blocks_grow_with_the_bars_and_are_at_most_a_fourth_of_them(bars: int):
    assert 1 <= block_length(bars) <= max(bars // 4, 1)
    assert block_length(bars) <= block_length(bars + 1)


@given(st.integers(2, 300), st.integers(0, 2**32))
def test_a_replicate_consists_of_blocks_of_consecutive_bars(bars: int, seed: int):
    numbers = np.arange(bars, dtype=np.float64)
    samples: list[np.ndarray] = []

    def first(rows: np.ndarray) -> np.ndarray:
        samples.append(rows.copy())
        return rows[..., 0]

    resampled_metric(numbers[None], first, seed, replicates=5)
    drawn = np.concatenate([rows[0] for rows in samples])
    assert drawn.shape == (5, bars)
    steps = (np.diff(drawn, axis=1) % bars).astype(int)
    inside = (np.arange(1, bars) % block_length(bars)) != 0
    assert (steps[:, inside] == 1 % bars).all()


def test_means_are_those_of_the_resampled_bars():
    returns = returns_of(3, 250)
    means = resampled_means(returns, seed=11, replicates=50)
    assert means == pytest.approx(resampled_metric(returns, lambda rows: rows.mean(axis=-1), seed=11, replicates=50))
    assert (means == resampled_means(returns, seed=11, replicates=50)).all()
    assert not np.allclose(means, resampled_means(returns, seed=12, replicates=50))


@pytest.mark.parametrize("length", [1, 7, 30, 90])
def test_replicates_are_those_of_arch(length: int, monkeypatch: pytest.MonkeyPatch):
    """Of blocks that fill the bars, and of a last block that is cut."""
    returns = returns_of(4, 90)
    bootstrap = CircularBlockBootstrap(length, returns.T, seed=5)
    expected = np.array([rows.mean(axis=0) for (rows,), _ in bootstrap.bootstrap(40)])
    means = resampled_means(returns, seed=5, replicates=40, length=length)
    assert means == pytest.approx(expected, rel=1e-12, abs=1e-14)
    monkeypatch.setattr("fxai.evaluation.block_bootstrap._VALUES_AT_ONCE", 1000)  # 11 replicates
    assert resampled_means(returns, seed=5, replicates=40, length=length) == pytest.approx(means)


def test_samples_that_do_not_fit_in_memory_at_once_are_the_same(monkeypatch: pytest.MonkeyPatch):
    returns = returns_of(2, 120)
    whole = resampled_metric(returns, lambda rows: rows.std(axis=-1), seed=3, replicates=31)
    monkeypatch.setattr("fxai.evaluation.block_bootstrap._VALUES_AT_ONCE", 1000)
    assert (resampled_metric(returns, lambda rows: rows.std(axis=-1), seed=3, replicates=31) == whole).all()


def test_all_seeds_have_the_same_bars():
    returns = returns_of(1, 300)
    values = resampled_means(np.concatenate([returns, returns + 1]), seed=5)
    assert values[:, 1] - values[:, 0] == pytest.approx(1)


def test_the_variance_of_the_mean_is_that_of_many_replicates():
    returns = returns_of(2, 1012)
    assert block_length(1012) == 23  # 44 whole blocks
    replicates = resampled_means(returns, seed=1, replicates=40_000)
    assert variance_of_replicates(replicates, 1012) == pytest.approx(variance_of_mean(returns), rel=0.03)


def test_the_variance_of_independent_bars_is_unbiased():
    returns = np.random.default_rng(3).normal(size=(20_000, 100))
    assert variance_of_mean(returns).mean() * 100 == pytest.approx(1, abs=0.01)
    assert variance_of_mean(returns).var() == pytest.approx(2e-4 / variance_freedom(100), rel=0.1)


def test_the_variance_holds_the_correlation_of_neighbouring_bars():
    noise = np.random.default_rng(4).normal(size=(500, 6281))
    returns = noise[:, 1:] + 0.5 * noise[:, :-1]
    assert variance_of_mean(returns).mean() * 6280 == pytest.approx(1.5**2, rel=0.03)
    assert returns.var() == pytest.approx(1.25, rel=0.03)  # what single bars would give


def test_replicates_of_seeds_and_bars_have_the_variance_of_both():
    rng = np.random.default_rng(5)
    returns = rng.normal(size=(1, 2000)) + rng.normal(size=(8, 1)) * 0.1  # no interaction
    values = mean_over_resampled_seeds(resampled_means(returns, seed=1, replicates=20_000), seed=2)
    seeds = returns.mean(axis=1).var() / 8
    bars = variance_of_mean(returns.mean(axis=0)) * (1 - block_length(2000) / 2000)
    assert values.var() == pytest.approx(seeds + bars, rel=0.05)


def test_a_metric_of_one_row_becomes_one_of_many():
    returns = returns_of(4, 60)
    assert row_by_row(lambda row: float(row.max()))(returns) == pytest.approx(returns.max(axis=1))


def test_one_bar_has_no_variance():
    assert math.isnan(variance_of_mean(np.ones((1, 1)))[0])
