"""A trial's value in the search beside its value on fresh seeds."""

import pytest

from fxai.evaluation.racing import RaceCandidate, RaceScores, RaceSettings
from fxai.evaluation.shrinkage import Shrinkage, shrinkage


@pytest.mark.parametrize(("maximize", "amount"), [(True, 1.0), (False, -1.0)])
def test_the_amount_is_how_much_worse_the_fresh_value_is(*, maximize: bool, amount: float) -> None:
    race = RaceScores((RaceCandidate(7),), {(7, 0): 1.0, (7, 1): 3.0})
    found = shrinkage(race, RaceSettings(budget=1, maximize=maximize), 7, search_value=3.0)
    assert found == Shrinkage(7, 3.0, 2.0, 1.0, 2, amount)


def test_one_seed_has_no_error_and_no_seed_no_shrinkage() -> None:
    race, settings = RaceScores((RaceCandidate(7),), {(7, 0): 1.0}), RaceSettings(budget=1)
    assert shrinkage(race, settings, 7, 1.0) == Shrinkage(7, 1.0, 1.0, None, 1, 0.0)
    assert shrinkage(race, settings, 8, 1.0) is None
