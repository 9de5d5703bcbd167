"""The share that regressors explain out of sample."""

import numpy as np
import pytest

from fxai.market.leaks.explained_share import explained_shares


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5])
def test_the_share_of_a_known_part_is_found(share: float) -> None:
    rng = np.random.default_rng(1)
    base, further, rest = (rng.normal(size=(20_000, 3)) for _ in range(3))
    target = np.sqrt(share) * further[:, :1] + np.sqrt(1 - share) * (0.6 * base[:, :1] + 0.8 * rest[:, :1])
    (found,) = explained_shares(base, further, target, purge=1)
    assert abs(found.value - share) < 3 * found.error + 2e-3


def test_what_the_base_explains_is_not_counted() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(size=(5000, 2))
    target = base[:, :1] + 0.1 * rng.normal(size=(5000, 1))
    (found,) = explained_shares(base, base[:, :1].copy(), target, purge=1)
    assert abs(found.value) < 1e-3


def test_useless_regressors_do_not_gain_with_few_rows_and_many_base_regressors() -> None:
    rng = np.random.default_rng(3)
    base, further, target = (rng.normal(size=(700, count)) for count in (100, 20, 4))
    assert all(found.value < 0.02 for found in explained_shares(base, further, target, purge=24))
