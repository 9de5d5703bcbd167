import numpy as np
import pytest

from fxai.evaluation.fold_efficiency import walk_forward_efficiency
from fxai.evaluation.sharpe_tests import sharpe_ratios


def fold(sharpe: float, bars: int = 400, seed: int = 0) -> np.ndarray:
    """Returns with the Sharpe ratio per bar."""
    returns: np.ndarray = np.random.default_rng(seed).normal(size=bars)
    returns += sharpe * returns.std(ddof=1) - returns.mean()
    return returns


def test_the_efficiency_is_the_ratio_of_the_mean_sharpe_ratios() -> None:
    train = [fold(0.2, seed=1), fold(0.4, 300, seed=2)]
    test = [fold(0.1, 100, seed=3), fold(-0.1, 120, seed=4)]
    found = walk_forward_efficiency(train, test, 252.0)
    assert found.ratio == pytest.approx(0.0)
    assert [each.ratio for each in found.folds] == pytest.approx([0.5, -0.25])
    assert (found.lowest, found.highest) == (found.folds[1].ratio, found.folds[0].ratio)
    assert [each.in_sample for each in found.folds] == pytest.approx([0.2 * 252**0.5, 0.4 * 252**0.5])
    assert [each.out_of_sample for each in found.folds] == pytest.approx(
        [float(sharpe_ratios(each)) * 252**0.5 for each in test]
    )


def test_agents_that_earn_as_much_on_test_bars_keep_everything() -> None:
    found = walk_forward_efficiency([fold(0.3), fold(0.3)], [fold(0.3, seed=1), fold(0.3, seed=2)], 252.0)
    assert (found.ratio, found.lowest, found.highest) == pytest.approx((1, 1, 1))


def test_a_fold_without_a_profit_on_its_train_bars_has_no_ratio() -> None:
    found = walk_forward_efficiency([fold(-0.1), fold(0.3)], [fold(0.1), fold(0.1)], 252.0)
    assert found.folds[0].ratio is None
    assert found.ratio == pytest.approx(1.0)
    assert found.lowest == found.highest == found.folds[1].ratio


@pytest.mark.parametrize("train", [np.zeros(100), fold(-0.2), np.full(100, 0.1)])
def test_without_a_profit_on_the_train_bars_there_is_no_efficiency(train: np.ndarray) -> None:
    found = walk_forward_efficiency([train], [fold(0.1)], 252.0)
    assert found.ratio is found.lowest is found.highest is None
    assert found.folds[0].ratio is None
    assert found.folds[0].out_of_sample > 0
