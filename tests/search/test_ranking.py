"""Which trials lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.search.ranking import Ranking
from fxai.spec.search.metric_goals import Goal

ONE = (Goal(metric="a"),)
TWO = (Goal(metric="a", direction="minimize"), Goal(metric="b"))
THREE = (*TWO, Goal(metric="c"))
values = st.sampled_from([0.0, 0.5, 1.0, 2.0, -1.0])


@given(st.lists(values))
def test_one_objective_is_an_order(told: list[float]) -> None:
    ranking = Ranking(ONE, "a")
    for number, value in enumerate(told):
        ranking.add(number, [value])
    order = sorted(range(len(told)), key=lambda number: (-told[number], number))
    assert ranking.best_numbers(3) == tuple(order[:3])
    assert ranking.best == ((order[0], told[order[0]]) if told else None)
    assert ranking.front is None


@pytest.mark.parametrize("goals", [TWO, THREE])
@given(st.data())
def test_a_front_has_the_undominated_trials(goals: tuple[Goal, ...], data: st.DataObject) -> None:
    told = data.draw(st.lists(st.tuples(*(values for _ in goals))))
    ranking = Ranking(goals, "b")
    for number, each in enumerate(told):
        ranking.add(number, each)
    losses = [tuple(goal.loss(value) for goal, value in zip(goals, each, strict=True)) for each in told]
    beaten = {
        place
        for place, mine in enumerate(losses)
        if any(other != mine and all(a <= b for a, b in zip(other, mine, strict=True)) for other in losses)
    }
    front = [number for number in range(len(told)) if number not in beaten]
    assert sorted(ranking.front or ()) == front
    assert ranking.front == tuple(sorted(front, key=lambda number: (-told[number][1], number)))
    assert ranking.best_numbers(1) == ranking.front
    if front:
        assert ranking.best == (ranking.front[0], told[ranking.front[0]][1])
