"""Elementary functions of compiled loops compared with the library's, in both precisions."""

from collections.abc import Callable

import numpy as np
import pytest

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.elementary import exp, log, tanh


@compiled_arithmetic
def fill_exp(x: Array, y: Array) -> None:
    for i in range(len(x)):
        y[i] = exp(x[i])


@compiled_arithmetic
def fill_log(x: Array, y: Array) -> None:
    for i in range(len(x)):
        y[i] = log(x[i])


@compiled_arithmetic
def fill_tanh(x: Array, y: Array) -> None:
    for i in range(len(x)):
        y[i] = tanh(x[i])


def filled(loop: Callable[[Array, Array], None], x: Array) -> Array:
    y = np.empty_like(x)
    loop(x, y)
    return y


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_errors_are_at_most_those_stated(kind: type):
    x: Array = np.linspace(-87, 88, 100_001).astype(kind)
    assert np.abs(filled(fill_exp, x) / np.exp(x.astype(np.float64)) - 1).max() < 1.2e-7
    x = np.concatenate([np.linspace(0.5, 40, 100_001), np.logspace(-30, 30, 10_001)]).astype(kind)
    exact = np.log(x.astype(np.float64))
    assert (np.abs(filled(fill_log, x) - exact) <= 1e-7 * np.abs(exact) + 1e-14).all()
    x = np.linspace(-20, 20, 100_001).astype(kind)
    least = 4e-7 if kind is np.float32 else 3e-13
    assert np.abs(filled(fill_tanh, x) - np.tanh(x.astype(np.float64))).max() <= least


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("loop", [fill_exp, fill_log, fill_tanh])
def test_nan_stays_nan(loop: Callable[[Array, Array], None], kind: type):
    x: Array = np.array([1, np.nan] * 9, kind)
    assert np.isnan(filled(loop, x)[1::2]).all()
    assert np.isfinite(filled(loop, x)[::2]).all()


@pytest.mark.parametrize("loop", [fill_exp, fill_log, fill_tanh])
def test_a_result_does_not_depend_on_its_place(loop: Callable[[Array, Array], None]):
    x = np.full(37, 0.73, np.float32)
    assert len(set(filled(loop, x).tolist())) == 1


def test_numbers_beyond_the_range_have_the_nearest_exponential():
    x = np.array([-np.inf, -500, -87, 88, 500, np.inf], np.float32)
    y = filled(fill_exp, x)
    assert y[0] == y[1] == y[2] > 0
    assert y[3] == y[4] == y[5] < np.inf
