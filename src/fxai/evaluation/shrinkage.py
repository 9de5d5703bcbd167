"""How much of a trial's value in the search remains on fresh seeds.

The search reports the best of many noisy values, so its best value is too good on average. Fresh seeds show by how
much.
"""

import math
from dataclasses import dataclass

from fxai.evaluation.racing import RaceScores, RaceSettings
from fxai.protocol.standard_error import mean, standard_error


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """A trial's value in the search beside its value on fresh seeds."""

    trial: int
    search_value: float
    fresh_value: float  # mean over the fresh seeds
    fresh_seed_error: float | None  # standard error of `fresh_value` over seeds alone; None with fewer than two seeds
    fresh_seeds: int
    amount: float  # how much worse the fresh value is than the search's; negative if it is better


def shrinkage(race: RaceScores, settings: RaceSettings, trial: int, search_value: float) -> Shrinkage | None:
    """The shrinkage of a trial's value; None if no fresh seed of the trial has a finite score."""
    scores = race.of(trial)
    if not scores:
        return None
    fresh, error = mean(scores), standard_error(scores)
    worse = search_value - fresh if settings.maximize else fresh - search_value
    return Shrinkage(trial, search_value, fresh, None if math.isnan(error) else error, len(scores), worse)
