"""Planted searches: trials whose true values, seed errors and market errors are known, without any training.

Used by `confirmation.py` and `verdict_calibration.py`. The selection is the real one: the search's values choose the
candidates, `fxai.evaluation.racing` chooses the winner on fresh seeds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from fxai.evaluation.racing import RaceCandidate, RaceScores, RaceSettings, chosen, next_trainings

Array = NDArray[np.float64]

SEARCH_SEEDS = 4  # of each trial of the search
CANDIDATES = 8  # of the confirmation, besides the default
MOST_SEEDS = 16  # of each candidate
BUDGET = 0.3  # of the confirmation, a share of the search's trainings
DEFAULT = 0  # number of the trial with the default configuration


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The result of a confirmation."""

    trial: int
    trainings: int


def confirm(
    search_values: Array, fresh: Callable[[int], Array], most_seeds: int = MOST_SEEDS, budget: float = BUDGET
) -> Confirmed:
    """The confirmation of a search with one cost for all trials.

    Args:
        search_values: Value of each trial in the search, [trial].
        fresh: Scores of a trial on fresh seeds, [most_seeds].
        most_seeds: Of each candidate.
        budget: A share of the search's trainings.
    """
    best = np.argsort(-search_values[1:])[:CANDIDATES] + 1
    candidates = [DEFAULT, *best.tolist()]
    scores = {trial: fresh(trial) for trial in candidates}
    settings = RaceSettings(budget=budget * SEARCH_SEEDS * len(search_values), seeds=most_seeds)
    race = RaceScores(tuple(RaceCandidate(trial) for trial in candidates))
    while missing := next_trainings(race, settings):
        asked = {(trial, seed): float(scores[trial][seed]) for trial, seed in missing}
        race = RaceScores(race.candidates, {**race.scores, **asked})
    winner = chosen(race, settings)
    assert winner is not None
    return Confirmed(winner, len(race.scores))


def student(rng: np.random.Generator, *shape: int) -> Array:
    """Student's t with 5 degrees of freedom, scaled to the variance 1."""
    return rng.standard_t(5, size=shape) * math.sqrt(0.6)


def volatility(rng: np.random.Generator, bars: int) -> Array:
    """Clustered volatility [bar] with the mean square 1; its logarithm is autoregressive with 0.98 per bar."""
    steps = rng.normal(size=bars) * math.sqrt(1 - 0.98**2)
    steps[0] = rng.normal()
    clustered: Array = np.exp(0.5 * lfilter([1.0], [1.0, -0.98], steps) - 0.25)
    return clustered
