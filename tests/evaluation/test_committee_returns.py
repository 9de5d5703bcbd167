"""A committee's returns and those of its members."""

import numpy as np
import pytest

from fxai.errors import InputError
from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.whole_error import estimate
from fxai.market.scores.metrics import sharpe


def committee(seeds: int = 4, bars: int = 1000, seed: int = 0) -> CommitteeReturns:
    draws = np.random.default_rng(seed)
    shared = 0.01 * draws.standard_t(5, bars)
    members = shared + 0.004 * draws.normal(size=(seeds, bars)) + 0.001 * draws.normal(size=(seeds, 1)) + 0.002
    return CommitteeReturns(0.8 * members.mean(axis=0), members)


def test_the_rows_have_the_committees_value_and_the_members_spread() -> None:
    agent = committee()
    rows = agent.around_committee()
    np.testing.assert_allclose(rows.mean(axis=0), agent.committee, atol=1e-15)
    found, of_members = estimate(rows), estimate(agent.members)
    assert found.value == pytest.approx(agent.committee.mean())
    assert found.error.seed == pytest.approx(of_members.error.seed)
    assert found.error.market == pytest.approx(0.8 * (of_members.error.market or 0))


def test_the_rows_of_the_sharpe_ratio_have_its_value() -> None:
    agent = committee()
    rows = agent.sharpe_around_committee(6000.0)
    assert rows is not None
    assert rows.mean() == pytest.approx(sharpe(agent.committee, 6000.0))


def test_the_error_of_the_sharpe_ratio_is_that_of_other_draws() -> None:
    """Beside the standard deviation of the ratio over independent committees."""
    values, errors = [], []
    for seed in range(300):
        found = estimate(committee(seed=seed).sharpe_around_committee(1.0))  # type: ignore[arg-type]
        values.append(found.value)
        errors.append(found.error.total or 0.0)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_returns_that_do_not_vary_have_no_sharpe_ratio() -> None:
    flat = CommitteeReturns(np.zeros(100), np.zeros((3, 100)))
    assert flat.is_flat
    assert flat.sharpe_around_committee(6000.0) is None


@pytest.mark.parametrize("members", [np.zeros((3, 99)), np.zeros(100), np.zeros((0, 100)), np.full((3, 100), np.nan)])
def test_members_with_other_bars_or_without_numbers_are_refused(members: np.ndarray) -> None:
    with pytest.raises(InputError, match="members"):
        CommitteeReturns(np.zeros(100), members)


def test_a_span_without_bars_is_refused() -> None:
    with pytest.raises(InputError, match="at least one of each"):
        CommitteeReturns(np.zeros(0), np.zeros((3, 0)))
