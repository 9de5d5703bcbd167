import numpy as np
import pytest

from fxai.market.bars import Bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.synthetic_market import shuffled, synthetic_market, synthetic_positions
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig

COSTS = EnvConfig()
COST_PER_FILL = COSTS.spread / 2 + COSTS.slippage_rate + COSTS.commission_rate


def mean_profit(bars: Bars, positions: np.ndarray) -> float:
    """Mean log return a bar after costs of orders given at each close and filled at the next open."""
    earned = np.log(bars.open[2:] / bars.open[1:-1]) * positions[:-2]
    changes = np.abs(np.diff(positions[:-2], prepend=0.0))
    return float((earned - changes * COST_PER_FILL).mean())


def assert_consistent(bars: Bars) -> None:
    assert (bars.low <= np.minimum(bars.open, bars.close) * (1 + 1e-12)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close) * (1 - 1e-12)).all()
    assert (bars.low > 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_planted_pattern_pays_after_costs(seed: int):
    bars = synthetic_market(seed)
    assert_consistent(bars)
    assert mean_profit(bars, synthetic_positions(bars)) > 1e-4
    assert mean_profit(bars, -synthetic_positions(bars)) < -1e-4


def test_strength_is_the_correlation_of_two_returns_in_a_row():
    returns = np.diff(np.log(synthetic_market(0, bars=50_000, strength=0.3).close))
    assert np.corrcoef(returns[1:], returns[:-1])[0, 1] == pytest.approx(0.3, abs=0.02)
    assert returns.std() == pytest.approx(1e-3, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_shuffling_leaves_the_bars_and_takes_the_pattern(seed: int):
    planted = synthetic_market(0)
    bars = shuffled(planted, seed)
    assert_consistent(bars)
    before, after = (np.diff(np.log(market.close)) for market in (planted, bars))
    np.testing.assert_allclose(np.sort(after), np.sort(before - before.mean()), atol=1e-12)
    assert abs(np.corrcoef(after[1:], after[:-1])[0, 1]) < 0.05
    assert mean_profit(bars, synthetic_positions(bars)) < 0


def test_shuffling_real_bars_takes_the_drift():
    real = load_bars(DataConfig())
    bars = shuffled(real, 3)
    assert bars.close[-1] == pytest.approx(bars.close[0])
    np.testing.assert_array_equal(bars.time, real.time)
    assert bars.volume is not None
    assert real.volume is not None
    np.testing.assert_array_equal(np.sort(bars.volume), np.sort(real.volume))
    np.testing.assert_allclose(np.sort(bars.high / bars.low), np.sort(real.high / real.low))
