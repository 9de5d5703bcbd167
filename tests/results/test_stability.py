import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from fxai.protocol import ParamValue
from fxai.results.range_position import ends, position
from fxai.results.record import TrialRecord
from fxai.results.stability import edges_of, leaders_of, ranges_of, stability_of
from fxai.search.stored_trial import StoredState

LOG = FloatDistribution(1e-4, 1e-2, log=True)


def leaders(*values: ParamValue) -> list[TrialRecord]:
    """Leading trials, the best first, by their values of x."""
    return [TrialRecord(number, StoredState.COMPLETE, 1.0, {"x": value}) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("distribution", "value", "place"),
    [
        (LOG, 1e-3, 0.5),
        (FloatDistribution(-1, 3), 0.0, 0.25),
        (IntDistribution(1, 5), 4, 0.75),
        (CategoricalDistribution((256, 64, 128)), 128, 0.5),
        (CategoricalDistribution((64, 128)), 128, None),
        (CategoricalDistribution(("mlp", "gru", "transformer")), "gru", None),
        (CategoricalDistribution((True, False)), True, None),
    ],
)
def test_where_a_value_lies(distribution: BaseDistribution, value: ParamValue, place: float | None) -> None:
    found = position(distribution, value)
    assert found is None if place is None else found == pytest.approx(place)


@given(st.builds(IntDistribution, st.integers(1, 50), st.integers(51, 99), log=st.booleans()))
@settings(max_examples=30, deadline=None)
def test_the_ends_lie_at_0_and_1(distribution: IntDistribution) -> None:
    first, last = ends(distribution) or (None, None)
    assert position(distribution, first) == 0
    assert position(distribution, last) == pytest.approx(1)


def test_close_numbers_are_stable_on_the_scale_of_their_range() -> None:
    (found,) = stability_of(leaders(1e-3, 1.2e-3, 9e-4, 1.1e-3, 8e-4), {"x": LOG})
    assert (found.low, found.high, found.best) == (8e-4, 1.2e-3, 1e-3)
    assert found.spread == pytest.approx(0.088, abs=1e-3)  # of two decades
    assert found.stable


def test_of_ten_the_outermost_two_are_left_out() -> None:
    values = [0.0, 1.0, *(0.4 + number / 100 for number in range(8))]
    (found,) = stability_of(leaders(*values), {"x": FloatDistribution(0, 1)})
    assert (found.low, found.high) == (0.4, pytest.approx(0.47))


def test_numbers_all_over_the_range_are_not() -> None:
    (found,) = stability_of(leaders(0.1, 0.9, 0.5, 0.3, 0.7), {"x": FloatDistribution(0, 1)})
    assert found.spread == pytest.approx(0.8)
    assert not found.stable


def test_choices_agree_by_the_commonest() -> None:
    mlp = leaders("gru", "mlp", "mlp", "mlp", "mlp")
    (found,) = stability_of(mlp, {"x": CategoricalDistribution(("mlp", "gru"))})
    assert (found.choice, found.best, found.low) == ("mlp", "gru", None)
    assert found.spread == pytest.approx(0.2)
    assert found.stable


def test_a_parameter_of_few_leaders_has_no_stability() -> None:
    others = [TrialRecord(9, StoredState.COMPLETE, 1.0, {})] * 3
    assert stability_of([*leaders(0.1, 0.2, 0.3, 0.4), *others], {"x": FloatDistribution(0, 1)}) == ()
    assert edges_of([*leaders(0.0, 0.0, 0.0, 0.0), *others], {"x": FloatDistribution(0, 1)}) == ()


@pytest.mark.parametrize(
    ("values", "side"),
    [
        ((0.99, 0.9, 0.85, 0.2, 0.3), "high"),
        ((0.01, 0.1, 0.15, 0.8, 0.9), "low"),
        ((0.99, 0.5, 0.4, 0.2, 0.3), None),  # the best alone
        ((0.9, 0.99, 0.99, 0.99, 0.99), None),  # all but the best
    ],
)
def test_a_range_is_too_short_if_the_best_trials_are_at_its_end(values: tuple[float, ...], side: str | None) -> None:
    found = edges_of(leaders(*values), {"x": FloatDistribution(0, 1)})
    assert [edge.side for edge in found] == ([] if side is None else [side])


def test_ordered_choices_have_ends_too() -> None:
    (edge,) = edges_of(leaders(256, 256, 256, 128, 64), {"x": CategoricalDistribution((64, 128, 256))})
    assert (edge.side, edge.bound, edge.leaders_near) == ("high", 256, 0.6)


@pytest.mark.parametrize(("completed", "leading"), [(9, 0), (10, 5), (80, 8), (10_000, 50)])
def test_leaders_are_a_tenth_within_bounds(completed: int, leading: int) -> None:
    ranked = [TrialRecord(number, StoredState.COMPLETE, -float(number), {}) for number in range(completed)]
    assert len(leaders_of(ranked)) == leading


def test_equal_trials_have_no_leaders() -> None:
    assert leaders_of(leaders(*([0.5] * 20))) == ()


def test_ranges_are_the_completed_trials() -> None:
    study = optuna.create_study()
    fixed = CategoricalDistribution(("a",))
    study.add_trial(create_trial(value=1.0, params={"x": 1e-3, "y": "a"}, distributions={"x": LOG, "y": fixed}))
    study.add_trial(create_trial(state=TrialState.FAIL, params={"z": 1}, distributions={"z": IntDistribution(0, 3)}))
    assert ranges_of(study) == {"x": LOG}
