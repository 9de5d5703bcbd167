"""The regressors of earlier bars."""

import numpy as np

from fxai.market.leaks.changed_bars import with_other_values
from fxai.market.leaks.lagged_regressors import regressor_columns
from market.leaks.leaking_columns import small_market


def test_regressors_use_no_later_bars() -> None:
    bars = small_market(600)
    whole = np.column_stack(regressor_columns(bars))
    for last in (130, 299, 300, 451, 598):
        changed = np.column_stack(regressor_columns(with_other_values(bars, last + 1, len(bars), seed=last)))
        assert np.array_equal(whole[: last + 1], changed[: last + 1], equal_nan=True)
        assert not np.array_equal(whole[last + 1 :], changed[last + 1 :], equal_nan=True)
