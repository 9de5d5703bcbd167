"""Bars that are cut or changed."""

import numpy as np

from fxai.market.leaks.changed_bars import cut, with_other_values
from market.leaks.leaking_columns import small_market

BARS = small_market(200)
ARRAYS = ("open", "high", "low", "close", "volume", "spread")


def test_cut_bars_are_copies() -> None:
    part = cut(BARS, 50, 120)
    assert len(part) == 70
    for name in ("time", *ARRAYS):
        assert np.array_equal(getattr(part, name), getattr(BARS, name)[50:120])
        assert not np.shares_memory(getattr(part, name), getattr(BARS, name))


def test_only_the_chosen_bars_change_and_remain_valid() -> None:
    changed = with_other_values(BARS, 60, 90, seed=1)
    assert np.array_equal(changed.time, BARS.time)
    for name in ARRAYS:
        same = getattr(changed, name) == getattr(BARS, name)
        assert same[:60].all()
        assert same[90:].all()
        assert not same[60:90].any() or name in {"volume", "spread"}
        assert not same[60:90].all()
        assert np.isfinite(getattr(changed, name)).all()
    assert (changed.low <= np.minimum(changed.open, changed.close)).all()
    assert (changed.high >= np.maximum(changed.open, changed.close)).all()
    assert (changed.low > 0).all()
