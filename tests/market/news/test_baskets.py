"""Weights of baskets."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.news.baskets import basket_weights
from fxai.spec.fields.basket_config import BasketConfig


def mean_over_orders(signals: list[int], size: int) -> list[float]:
    """The weights of one basket: the mean over all orders in which instruments with one signal may be ranked."""
    given_signals = [place for place, signal in enumerate(signals) if signal]
    share = 1 / min(2 * size, len(signals))
    if len(given_signals) < 2 * size:
        return [share * ((signal > 0) - (signal < 0)) for signal in signals]
    sums, orders = [0.0] * len(signals), list(permutations(given_signals))
    for order in orders:
        ranked = sorted(order, key=lambda place: signals[place])
        for place in ranked[-size:]:
            sums[place] += share / len(orders)
        for place in ranked[:size]:
            sums[place] -= share / len(orders)
    return sums


@settings(max_examples=60, deadline=None)
@given(signals=st.lists(st.integers(-2, 2), min_size=1, max_size=5), size=st.integers(1, 2))
def test_a_basket_is_long_the_best_and_short_the_worst(signals: list[int], size: int) -> None:
    weights = basket_weights(np.array([signals], np.float64), BasketConfig(size=size, hold=1))
    np.testing.assert_allclose(weights[0], mean_over_orders(signals, size), atol=1e-12)
    mirrored = basket_weights(-np.array([signals], np.float64), BasketConfig(size=size, hold=1))
    np.testing.assert_allclose(mirrored, -weights, atol=1e-12)


@pytest.mark.parametrize("hold", [1, 2, 3, 9])
def test_baskets_of_the_last_dates_are_held_together(hold: int) -> None:
    signals = np.random.default_rng(1).integers(-3, 4, (7, 5)).astype(np.float64)
    single = basket_weights(signals, BasketConfig(size=1, hold=1))
    weights = basket_weights(signals, BasketConfig(size=1, hold=hold))
    expected = [single[max(0, date - hold + 1) : date + 1].sum(axis=0) / hold for date in range(7)]
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    assert np.abs(weights).sum(axis=1).max() <= 1 + 1e-12


def test_one_instrument_is_held_with_the_whole_capital_in_the_direction_of_its_signal() -> None:
    weights = basket_weights(np.array([[4.0], [0.0], [-1.0]]), BasketConfig(hold=1))
    assert weights.tolist() == [[1.0], [0.0], [-1.0]]


def test_weights_that_stay_are_equal_to_the_bit() -> None:
    """A position keeps its units while its weight stays, so a rounding error would be traded."""
    changing = np.random.default_rng(2).integers(-3, 4, (60, 7)).astype(np.float64)
    constant, none = np.tile(changing[-1], (6, 1)), np.zeros((6, 7))
    weights = basket_weights(np.concatenate([changing, constant, none]), BasketConfig(size=2, hold=3))
    assert (weights[62:66] == weights[62]).all()
    assert (weights[68:] == 0).all()
