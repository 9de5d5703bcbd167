"""The equal-weight portfolio of track records."""

import numpy as np
import pytest

from fxai.market.scores.baselines import figures
from fxai.market.scores.equal_weights import equal_weights
from fxai.market.scores.track_record import TrackRecord

HOURS = np.datetime64("2024-01-01", "h") + np.arange(400)


def record(hours: np.ndarray, returns: np.ndarray) -> TrackRecord:
    return TrackRecord(
        split="test",
        times=tuple(f"{hour}:00:00Z" for hour in hours.astype(str)),
        close=np.ones(len(hours)),
        equity=np.cumprod(1 + returns),
        position=np.zeros(len(hours)),
        drawdown=np.zeros(len(hours)),
        trades=(),
        metrics={},
    )


def test_one_record_is_its_own_portfolio() -> None:
    alone = record(HOURS, np.random.default_rng(0).normal(1e-4, 1e-3, 400))
    assert equal_weights([alone])["sharpe"] == pytest.approx(figures(alone.equity, 365.25 * 24)["sharpe"], rel=1e-9)
    assert equal_weights([alone, alone]) == pytest.approx(equal_weights([alone]))


def test_a_time_without_a_bar_adds_nothing() -> None:
    returns = np.random.default_rng(1).normal(1e-4, 1e-3, 400)
    whole = record(HOURS, returns)
    half = record(HOURS[::2], returns[::2])
    mixed = returns / 2
    mixed[::2] += returns[::2] / 2
    found = equal_weights([whole, half])
    assert found["total_return"] == pytest.approx(np.prod(1 + mixed) - 1)


def test_opposite_returns_cancel() -> None:
    returns = np.random.default_rng(2).normal(0, 1e-3, 400)
    found = equal_weights([record(HOURS, returns), record(HOURS, -returns)])
    assert found["total_return"] == pytest.approx(0, abs=1e-9)
