"""The race of a confirmation: which trainings come next, which candidates leave, which one is chosen."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.evaluation.racing import (
    FEWEST_SEEDS,
    Departure,
    RaceCandidate,
    RaceScores,
    RaceSettings,
    Training,
    chosen,
    most_cost,
    next_trainings,
    rounds,
)


def candidates(count: int, *, cost: float = 1.0) -> tuple[RaceCandidate, ...]:
    return tuple(RaceCandidate(trial, cost) for trial in range(count))


def run_race(
    race: RaceScores,
    settings: RaceSettings,
    score: Callable[[Training], float],
    order: Callable[[Sequence[Training]], Sequence[Training]] = tuple,
) -> RaceScores:
    """Runs all trainings that the race asks for, one at a time in the given order."""
    while missing := next_trainings(race, settings):
        training = order(missing)[0]
        race = race.with_score(*training, score(training))
    return race


def noise(training: Training) -> float:
    return float(np.random.default_rng(training).normal())


def test_the_first_round_gives_each_candidate_an_equal_share_of_a_quarter_of_the_budget() -> None:
    race = RaceScores(candidates(9))
    asked = next_trainings(race, RaceSettings(budget=9 * 4 * 3, seeds=100))
    assert sorted(asked) == [(trial, seed) for trial in range(9) for seed in range(3)]


def test_each_round_halves_the_candidates_and_the_best_is_chosen() -> None:
    settings = RaceSettings(budget=72, seeds=100, level=1e-9)
    race = run_race(RaceScores(candidates(9)), settings, lambda training: -training[0] + noise(training))
    assert [len(each.remaining) for each in rounds(race, settings)][:3] == [5, 3, 2]
    assert chosen(race, settings) == 0
    assert set(rounds(race, settings)[0].departures.values()) == {Departure.WORSE_HALF}


def test_a_separated_candidate_leaves_at_once_and_a_decided_race_ends() -> None:
    settings = RaceSettings(budget=1000)
    race = run_race(RaceScores(candidates(3)), settings, lambda training: -1000.0 * (training[0] > 0) + noise(training))
    (only,) = rounds(race, settings)
    assert only.departures == {1: Departure.SEPARATED, 2: Departure.SEPARATED}
    assert chosen(race, settings) == 0


def test_the_two_last_candidates_use_the_budget_up_while_they_are_not_separated() -> None:
    settings = RaceSettings(budget=21, seeds=100)
    race = run_race(RaceScores(candidates(2)), settings, lambda training: noise((training[1], 0)))
    assert len(race.scores) == 20
    assert chosen(race, settings) == 0, "of equal candidates the first is chosen"


@pytest.mark.parametrize("seeds", [4, 16])
def test_a_large_budget_is_not_used_up(seeds: int) -> None:
    """A race has at most a third of the most seeds for each candidate, on average."""
    settings = RaceSettings(budget=1000, seeds=seeds)
    race = run_race(RaceScores(candidates(9)), settings, noise)
    assert len(race.scores) <= most_cost(race.candidates, settings) == max(9 * seeds / 3, 9 * FEWEST_SEEDS)


def test_pairing_by_seed_separates_what_the_spread_of_the_seeds_would_hide() -> None:
    """Seeds that move all candidates alike are no noise of the comparison."""
    settings = RaceSettings(budget=8, level=0.05)

    def score(training: Training) -> float:
        trial, seed = training
        return 100.0 * seed - trial + 0.01 * noise(training)

    race = run_race(RaceScores(candidates(2)), settings, score)
    assert rounds(race, settings)[0].departures == {1: Departure.SEPARATED}


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_the_direction_decides_which_candidates_leave(scale: float) -> None:
    settings = RaceSettings(budget=60, maximize=scale > 0)
    race = run_race(RaceScores(candidates(9)), settings, lambda training: scale * (noise(training) - training[0]))
    assert chosen(race, settings) == 0


@given(
    count=st.integers(2, 10),
    budget=st.floats(1, 200),
    seeds=st.integers(FEWEST_SEEDS, 20),
    seed=st.integers(0, 1000),
    costs=st.lists(st.floats(0.1, 5), min_size=10, max_size=10),
)
def test_neither_budget_nor_seeds_are_exceeded(
    count: int, budget: float, seeds: int, seed: int, costs: list[float]
) -> None:
    settings = RaceSettings(budget=budget, seeds=seeds)
    racing = tuple(RaceCandidate(trial, cost) for trial, cost in enumerate(costs[:count]))
    race = run_race(RaceScores(racing), settings, lambda training: noise((*training, seed)))  # type: ignore[arg-type]
    spent = sum(racing[trial].cost for trial, _ in race.scores)
    assert spent <= most_cost(racing, settings) * (1 + 1e-12)
    for trial in range(count):
        own = sorted(index for number, index in race.scores if number == trial)
        assert own == list(range(len(own)))
        assert len(own) <= seeds
    finished = rounds(race, settings)
    if finished:
        assert chosen(race, settings) == max(finished[-1].remaining, key=finished[-1].means.__getitem__)
    else:
        assert chosen(race, settings) is None


@given(seed=st.integers(0, 10_000), budget=st.integers(18, 100))
def test_the_order_in_which_trainings_end_changes_nothing(seed: int, budget: int) -> None:
    settings = RaceSettings(budget=budget)
    shuffled = np.random.default_rng(seed)

    def score(training: Training) -> float:
        return noise((*training, seed)) - 0.3 * training[0]  # type: ignore[arg-type]

    in_order = run_race(RaceScores(candidates(9)), settings, score)
    mixed = run_race(
        RaceScores(candidates(9)), settings, score, lambda missing: [missing[int(shuffled.integers(len(missing)))]]
    )
    assert mixed.scores == in_order.scores
    assert rounds(mixed, settings) == rounds(in_order, settings)


def test_a_small_budget_takes_the_first_candidates_alone() -> None:
    settings = RaceSettings(budget=3 * FEWEST_SEEDS + 1)
    assert {trial for trial, _ in next_trainings(RaceScores(candidates(9)), settings)} == {0, 1, 2}


def test_a_budget_for_less_than_two_candidates_trains_nothing() -> None:
    settings = RaceSettings(budget=2 * FEWEST_SEEDS - 1)
    assert next_trainings(RaceScores(candidates(9)), settings) == ()
    assert chosen(RaceScores(candidates(9)), settings) is None


def test_a_candidate_with_a_failed_training_leaves() -> None:
    settings = RaceSettings(budget=40)
    race = run_race(
        RaceScores(candidates(4)),
        settings,
        lambda training: math.nan if training == (0, 1) else -training[0] + 0.01 * noise(training),
    )
    assert rounds(race, settings)[0].departures[0] is Departure.FAILED
    assert chosen(race, settings) == 1


def test_all_failed_trainings_choose_nothing() -> None:
    settings = RaceSettings(budget=40)
    race = run_race(RaceScores(candidates(4)), settings, lambda _: math.inf)
    assert next_trainings(race, settings) == ()
    assert chosen(race, settings) is None


def test_an_equal_candidate_is_seldom_separated() -> None:
    """On candidates without a difference, the level bounds the share of first rounds with a separation."""
    settings = RaceSettings(budget=9 * 4 * 6, seeds=100)
    wrong = 0
    for seed in range(400):
        draws = np.random.default_rng(seed).normal(size=(9, 6))
        race = RaceScores(candidates(9))
        for trial, index in next_trainings(race, settings):
            race = race.with_score(trial, index, draws[trial, index])
        departures = rounds(race, settings)[0].departures
        wrong += Departure.SEPARATED in departures.values()
    assert wrong / 400 < 0.25, "the best of nine equal means is chosen, which Bonferroni's bound does not cover"


def test_the_scores_of_a_trial_are_in_the_order_of_seeds_and_finite() -> None:
    race = RaceScores(candidates(2)).with_score(1, 1, 2.0).with_score(1, 0, 1.0).with_score(1, 2, math.nan)
    assert race.of(1) == (1.0, 2.0)
