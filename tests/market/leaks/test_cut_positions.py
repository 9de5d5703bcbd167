"""Places after which bars are cut."""

import numpy as np
import pytest

from fxai.market.leaks.cut_positions import changed_positions, cut_positions
from market.leaks.leaking_columns import small_market


def test_positions_are_spread_and_contain_borders() -> None:
    time = small_market(6000).time
    positions = cut_positions(time)
    assert positions == cut_positions(time)
    assert list(positions) == sorted(set(positions))
    assert {2, 8, 32, 128, 512, 5998, 2999} <= set(positions)  # the gap is after bar 2999
    days = time.astype("datetime64[D]")
    assert any(days[each] != days[each + 1] for each in positions if each != 2999)
    counts = np.histogram(positions, bins=10, range=(0, 6000))[0]
    assert (counts >= 1).all()
    assert set(changed_positions(positions)) <= set(positions)
    assert len(changed_positions(positions)) == 6


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 21, 40])
def test_each_position_leaves_a_later_bar(count: int) -> None:
    positions = cut_positions(small_market(60).time[:count])
    assert all(0 <= each < count - 1 for each in positions)
    assert bool(positions) == (count > 1)
    assert set(changed_positions(positions)) <= set(positions)
