"""The comparison of a best trial with the configurations around it."""

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import InputError
from fxai.evaluation.compare_neighbours import neighbourhood
from fxai.evaluation.neighbour_draw import Neighbour, draw_neighbours
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.evaluation.neighbourhood_words import neighbourhood_sentences
from fxai.spec.search.parameters import FloatParameter

SEEDS = 8


def around(count: int = 8, parameters: int = 5) -> tuple[Neighbour, ...]:
    space = [FloatParameter(name=f"p{place}", low=0, high=1) for place in range(parameters)]
    return draw_neighbours(space, dict.fromkeys((each.name for each in space), 0.5), count, 0, lambda _: True)


DRAWN = around()
WINNER = dict.fromkeys(DRAWN[0].params, 0.5)


def compare(
    values: Sequence[Mapping[int, float]],
    winner_values: Mapping[int, float],
    error: float | None = 0.5,
    *,
    maximize: bool = True,
    drawn: Sequence[Neighbour] = DRAWN,
) -> Neighbourhood:
    return neighbourhood(drawn, values, WINNER, winner_values, error, metric="sharpe", maximize=maximize)


def one_seed_each(values: Sequence[float], seeds: int = SEEDS) -> list[dict[int, float]]:
    return [{place % seeds: float(value)} for place, value in enumerate(values)]


def simulated(drop: float, rng: np.random.Generator, market: float = 0.0) -> Neighbourhood:
    winner = rng.normal(size=SEEDS)
    error = math.hypot(winner.std(ddof=1) / math.sqrt(SEEDS), market)
    return compare(one_seed_each((rng.normal(size=8) - drop).tolist()), dict(enumerate(winner.tolist())), error)


@pytest.mark.parametrize(
    ("drop", "market", "least", "most"), [(0, 0, 0.02, 0.075), (0, 1, 0, 0.035), (2, 0, 0.94, 1), (2, 1, 0.86, 0.96)]
)
def test_the_rates_of_peaks_are_those_stated(drop: float, market: float, least: float, most: float) -> None:
    """The bounds are more than three standard errors of 600 cases away from the stated rates."""
    rng = np.random.default_rng(3)
    found = [simulated(drop, rng, market) for _ in range(600)]
    assert least <= np.mean([each.is_peak is True for each in found]) <= most
    if not drop:
        assert np.mean([each.steepest is not None for each in found]) <= 0.09


def test_a_clear_peak_is_named_with_its_share() -> None:
    winner = {seed: 3.0 + 0.1 * seed for seed in range(SEEDS)}
    found = compare(one_seed_each([3.2, 1, 1.1, 0.9, 1.2, 1, 0.8, 1.0]), winner)
    assert found.value == pytest.approx(3.35)
    assert (found.scored, found.within, found.is_peak) == (8, 1, True)
    assert neighbourhood_sentences(found, 7)[0] == (
        "Trial 7 is a peak that its neighbours do not share: 1 of 8 configurations near trial 7 is at most one "
        "standard error worse than it on validation, where its sharpe is 3.35 ± 0.50. Their mean is worse by 2.075."
    )


def test_better_neighbours_are_within_one_error() -> None:
    found = compare(one_seed_each([9.0] * 8), dict.fromkeys(range(SEEDS), 1.0))
    assert (found.within, found.is_peak, found.difference) == (8, False, 8.0)


def test_a_low_share_within_the_noise_is_no_peak() -> None:
    found = compare(one_seed_each([-9, -9, -9, -9, -9, 12, 11, 13]), dict.fromkeys(range(SEEDS), 0.0))
    assert (found.within, found.is_peak) == (3, False)
    assert "The error over seeds may explain the difference." in neighbourhood_sentences(found, 1)[0]


@pytest.mark.parametrize("maximize", [True, False])
@pytest.mark.parametrize("slope", [0.5, -0.5])
def test_the_steepest_parameter_is_named_with_its_direction(slope: float, *, maximize: bool) -> None:
    noise = 0.01 * np.random.default_rng(0).normal(size=8)
    values = [slope * each.moves["p2"] + extra for each, extra in zip(DRAWN, noise, strict=True)]
    found = compare(one_seed_each(values), dict.fromkeys(range(SEEDS), 0.0), maximize=maximize)
    assert found.steepest is not None
    assert found.steepest.parameter == "p2"
    assert found.steepest.change == pytest.approx(slope, abs=0.02)
    way = "falls" if (slope > 0) == maximize else "rises"
    assert f"gets worse fastest when p2 {way}, by 0." in neighbourhood_sentences(found, 1)[1]


@given(st.lists(st.floats(-5, 5), min_size=8, max_size=8), st.lists(st.floats(-5, 5), min_size=8, max_size=8))
def test_losses_mirror_gains(values: list[float], winner: list[float]) -> None:
    gain = compare(one_seed_each(values), dict(enumerate(winner)))
    loss = compare(one_seed_each([-each for each in values]), dict(enumerate(-each for each in winner)), maximize=False)
    assert (gain.is_peak, gain.within) == (loss.is_peak, loss.within)
    assert [each.is_clear for each in gain.slopes] == [each.is_clear for each in loss.slopes]


def test_equal_values_have_no_slope_and_are_no_peak() -> None:
    winner = {seed: 0.1 * seed for seed in range(SEEDS)}
    found = compare(one_seed_each([winner[seed] - 0.3 for seed in range(8)]), winner, 0.5)
    assert found.is_peak is False
    assert {each.change for each in found.slopes} == {0.0}
    assert found.steepest is None


def test_a_failed_training_is_left_out() -> None:
    winner = dict.fromkeys(range(SEEDS), 1.0)
    found = compare([*one_seed_each([1.0] * 7), {7: math.nan}], winner)
    assert (found.scored, found.within, found.neighbours[-1].value) == (7, 7, None)
    none = compare([{seed: math.nan} for seed in range(8)], winner)
    assert (none.scored, none.is_peak, none.difference) == (0, None, None)
    assert neighbourhood_sentences(none, 3) == ("No configuration near trial 3 has a value.",)


def test_few_seeds_and_an_unknown_error_are_said() -> None:
    one = compare([{0: 1.0}, {0: 1.1}], {0: 1.0, 1: 1.0}, drawn=DRAWN[:2])
    assert (one.is_peak, one.difference_error) == (None, None)
    assert "too few seeds to tell" in neighbourhood_sentences(one, 1)[0]
    unknown = compare(one_seed_each([1.0] * 8), dict.fromkeys(range(SEEDS), 1.0), None)
    assert (unknown.within, unknown.is_peak) == (None, None)
    assert "its standard error is not known" in neighbourhood_sentences(unknown, 1)[0]


def test_the_record_survives_json() -> None:
    found = simulated(1, np.random.default_rng(0))
    written = json.loads(json.dumps(found.as_json()))
    assert Neighbourhood.from_json(written) == found
    with pytest.raises(InputError, match="slopes"):
        Neighbourhood.from_json({name: each for name, each in written.items() if name != "slopes"})
    assert neighbourhood_sentences(None, 1) == ()
