"""The compromise of a front."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.results.top_trials import pareto_knee


def test_it_is_where_the_front_bends() -> None:
    assert pareto_knee([(0.0, 10.0), (1.0, 2.0), (6.0, 1.0), (10.0, 0.0)]) == 1


def test_ends_and_lone_members() -> None:
    assert pareto_knee([(3.0, 4.0)]) == 0
    assert pareto_knee([(0.0, 1.0), (1.0, 0.0)]) == 0
    assert pareto_knee([(0.0, 1.0, 5.0), (1.0, 0.0, 5.0)]) == 0
    with pytest.raises(ValueError, match="empty"):
        pareto_knee([])


@given(
    st.lists(st.tuples(*[st.floats(-5, 5)] * 2), min_size=1, max_size=8),
    st.floats(0.1, 10),
    st.integers(-4, 4),
)
def test_it_does_not_depend_on_units(front: list[tuple[float, float]], scale: float, shift: int) -> None:
    moved = [(one * 2.0**shift, other) for one, other in front]
    assert pareto_knee(moved) == pareto_knee(front)
