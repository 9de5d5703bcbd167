"""Bounds of a mean difference, and how many further bars move them."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t as student_t

from fxai.evaluation.mean_difference import (
    MeanDifference,
    further_bars_until_decided,
    further_bars_until_undecided,
    mean_difference,
)
from fxai.evaluation.whole_error import Estimate, WholeError

CONFIDENCE = 0.95
FREEDOM = 20.0


def difference(value: float, seed: float, market: float, bars: int = 1000) -> MeanDifference:
    """A difference whose market error and persistent seed error are given."""
    error = math.hypot(seed, market)
    found = Estimate(value, WholeError(seed, market, error), FREEDOM)
    return mean_difference(found, bars=bars, seeds=8, confidence=CONFIDENCE)


def lower_after(value: float, seed: float, market: float, growth: float) -> float:
    """The lower bound of |value| with `growth` times the bars."""
    quantile = float(student_t.ppf(CONFIDENCE, FREEDOM))
    return abs(value) - quantile * math.hypot(seed, market / math.sqrt(growth))


SMALL = st.floats(0.01, 1.0)


@given(value=st.floats(-1, 1), seed=SMALL, market=SMALL)
def test_so_many_further_bars_decide_and_one_fewer_does_not(value: float, seed: float, market: float) -> None:
    found = difference(value, seed, market)
    further = further_bars_until_decided(found, CONFIDENCE)
    if further is None:
        assert lower_after(value, seed, market, 1e12) <= 1e-6
        return
    assert lower_after(value, seed, market, (1000 + further) / 1000) > -1e-9
    if further:
        assert not found.is_above
        assert not found.is_below
        assert lower_after(value, seed, market, (1000 + further - 1) / 1000) <= 1e-9


@given(value=st.floats(-3, 3), seed=SMALL, market=SMALL)
def test_so_many_further_bars_without_a_difference_undo_a_decision(value: float, seed: float, market: float) -> None:
    found = difference(value, seed, market)
    further = further_bars_until_undecided(found, CONFIDENCE)
    if not (found.is_above or found.is_below):
        assert further is None
        return
    assert further is not None
    assume(further > 1)
    after, before = (1000 + further) / 1000, (1000 + further - 1) / 1000
    assert lower_after(value / after, seed, market, after) <= 1e-9
    assert lower_after(value / before, seed, market, before) > -1e-9


def test_too_few_seeds_have_no_error() -> None:
    found = mean_difference(Estimate(1.0, WholeError(None, 0.1, 0.1), 9.0), bars=1000, seeds=1, confidence=CONFIDENCE)
    assert found.error is found.lower is found.upper is None
    assert found.market_error == pytest.approx(0.1)
    assert not found.is_above
    assert further_bars_until_decided(found, CONFIDENCE) is None
    assert further_bars_until_undecided(found, CONFIDENCE) is None
