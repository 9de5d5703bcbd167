"""The description of a selection: figures on the returns of complete trials, and reasons of missing ones."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import InputError
from fxai.evaluation.fold_efficiency import walk_forward_efficiency
from fxai.evaluation.overfitting import fewest_bars
from fxai.evaluation.selection import SearchedTrials, Selection, TrialReturns, selection
from fxai.evaluation.sharpe_tests import expected_maximum, sharpe_ratios
from fxai.evaluation.verdict import MissingFigure

BARS_PER_YEAR = 6000.0


def noise(trials: int = 40, bars: int = 600, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=0.001, size=(trials, bars))


def described(returns: np.ndarray, *, tried: int | None = None, chosen: int = 0, **further: Any) -> Selection:
    trials = TrialReturns(tuple(range(len(returns))), returns.astype(np.float32))
    return selection(trials, SearchedTrials(chosen, tried or len(returns), len(returns)), BARS_PER_YEAR, **further)


def best_of(returns: np.ndarray) -> int:
    return int(sharpe_ratios(returns).argmax())


def test_the_best_of_noise_is_explained_by_luck() -> None:
    returns = [noise(seed=seed) for seed in range(8)]
    found = [described(each, chosen=best_of(each)) for each in returns]
    assert np.mean([one.overfitting.probability for one in found if one.overfitting]) == pytest.approx(0.5, abs=0.15)
    assert np.mean([one.deflated_sharpe.probability for one in found if one.deflated_sharpe]) == pytest.approx(
        0.5, abs=0.2
    )
    assert np.mean([one.better_trials.p_value for one in found if one.better_trials]) > 0.2
    assert all(one.effective_trials == pytest.approx(40, rel=0.1) for one in found)
    assert not any(one.missing for one in found)


def test_a_planted_edge_is_found() -> None:
    returns = noise()
    returns[7] += 0.0004
    found = described(returns, chosen=7)
    assert found.overfitting is not None
    assert found.overfitting.probability < 0.01
    assert found.deflated_sharpe is not None
    assert found.deflated_sharpe.probability > 0.99
    assert found.better_trials is not None
    assert found.better_trials.better == (7,)
    assert found.better_trials.p_value < 0.01


def test_all_trials_raise_the_expected_best_and_complete_ones_give_the_deviation() -> None:
    """A search with pruned trials has more tries; their returns are not among those of complete trials."""
    returns = noise(10)
    alone, with_pruned = described(returns), described(returns, tried=50)
    assert alone.deflated_sharpe is not None
    assert with_pruned.deflated_sharpe is not None
    ratios = sharpe_ratios(returns.astype(np.float32).astype(np.float64)) * np.sqrt(BARS_PER_YEAR)
    for found, tried in ((alone.deflated_sharpe, 10), (with_pruned.deflated_sharpe, 50)):
        assert found.sharpe == pytest.approx(ratios[0])
        assert found.deviation == pytest.approx(ratios.std(ddof=1))
        assert found.expected_best == pytest.approx(ratios.std(ddof=1) * expected_maximum(tried))
    assert with_pruned.deflated_sharpe.probability < alone.deflated_sharpe.probability
    assert with_pruned.overfitting == alone.overfitting


@given(scale=st.floats(0.01, 100), seed=st.integers(0, 50))
@settings(max_examples=5, deadline=None)
def test_the_figures_do_not_depend_on_the_size_of_positions(scale: float, seed: int) -> None:
    returns = noise(6, 300, seed)
    found, scaled = described(returns), described(scale * returns)
    assert found.deflated_sharpe is not None
    assert scaled.deflated_sharpe is not None
    assert scaled.deflated_sharpe.probability == pytest.approx(found.deflated_sharpe.probability, abs=1e-4)
    assert scaled.effective_trials == pytest.approx(found.effective_trials, rel=1e-4)
    assert scaled.overfitting is not None
    assert found.overfitting is not None
    assert scaled.overfitting.probability == pytest.approx(found.overfitting.probability, abs=0.03)


@pytest.mark.parametrize("trials", [0, 1])
def test_fewer_than_two_trials_with_returns_have_no_figures(trials: int) -> None:
    numbers = tuple(range(trials))
    found = selection(TrialReturns(numbers, noise(trials).astype(np.float32)), SearchedTrials(0, 9, 5), BARS_PER_YEAR)
    assert (found.tried, found.complete, found.used) == (9, 5, trials)
    assert found.deflated_sharpe is found.effective_trials is found.overfitting is found.better_trials is None
    (missing,) = found.missing
    assert f"they need 2 complete trials with returns; there are {trials}, of 5 complete trials" in missing.reason


def reasons(found: Selection) -> dict[str, str]:
    return {each.figures: each.reason for each in found.missing}


def test_too_few_bars_have_no_pbo_and_no_tests() -> None:
    found = described(noise(5, 40))
    assert found.overfitting is found.better_trials is None
    assert found.deflated_sharpe is not None
    assert reasons(found) == {
        "probability of backtest overfitting (PBO)": f"it needs {fewest_bars()} bars; validation has 40",
        "tests SPA and StepM": "they need 50 bars; validation has 40",
    }
    assert described(noise(5, fewest_bars())).overfitting is not None


def test_trials_that_never_trade_have_no_figures() -> None:
    found = described(np.zeros((5, 300)))
    assert found.deflated_sharpe is found.effective_trials is found.overfitting is found.better_trials is None
    assert reasons(found) == {
        "deflated Sharpe ratio (DSR)": "the returns of trial 0 do not vary",
        "effective number of trials": "the returns of no trial vary",
        "probability of backtest overfitting (PBO)": "the returns of no trial vary",
        "tests SPA and StepM": "no trial trades",
    }


def test_equal_trials_have_no_deflated_sharpe_ratio() -> None:
    found = described(np.repeat(noise(1, 300), 4, axis=0))
    assert reasons(found) == {"deflated Sharpe ratio (DSR)": "the Sharpe ratios of the complete trials are equal"}
    assert found.effective_trials == pytest.approx(1)


def test_without_returns_of_the_chosen_trial_its_sharpe_ratio_is_missing() -> None:
    found = described(noise(5, 300), chosen=77)
    assert reasons(found) == {"deflated Sharpe ratio (DSR)": "the returns of trial 77 cannot be read"}


EFFICIENCY = walk_forward_efficiency([*(noise(3, 500) + 0.0001)], [*noise(3, 200)], BARS_PER_YEAR)
LOSING = walk_forward_efficiency([*(noise(3, 500) - 0.0005)], [*noise(3, 200)], BARS_PER_YEAR)


def test_the_efficiency_is_kept_with_the_reason_if_it_has_no_ratio() -> None:
    returns = noise(5, 300)
    assert described(returns, efficiency=EFFICIENCY).efficiency == EFFICIENCY
    losing = described(returns, efficiency=LOSING)
    assert losing.efficiency == LOSING
    assert "not above 0" in reasons(losing)["walk-forward efficiency"]
    unread = described(returns, efficiency=MissingFigure("walk-forward efficiency", "a file is missing"))
    assert unread.efficiency is None
    assert reasons(unread) == {"walk-forward efficiency": "a file is missing"}


@pytest.mark.parametrize("efficiency", [None, EFFICIENCY, LOSING])
@pytest.mark.parametrize("returns", [noise(5, 300), noise(5, 40), noise(1)])
def test_a_selection_is_the_same_after_json(returns: np.ndarray, efficiency: Any) -> None:
    found = described(returns, efficiency=efficiency)
    assert Selection.from_json(json.loads(json.dumps(found.as_json(), allow_nan=False))) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tried": "many"}, "the selection cannot be read: tried"),
        ({"further": 1}, "the selection cannot be read: further"),
        ({"overfitting": {"probability": 0.5}}, r"the selection cannot be read: overfitting\.blocks"),
    ],
)
def test_another_document_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Selection.from_json(json.loads(json.dumps(described(noise(5, 300)).as_json())) | change)
