"""Decides which candidates of a confirmation are trained on further fresh seeds, and which one is chosen.

The method is sequential halving within a budget (Karnin, Koren, Somekh 2013), with an elimination test after each
round as in F-Race (Birattari et al. 2002). Each round gives all remaining candidates the same number of further seeds
from an equal share of what the race may still cost. After a round the worse half of the candidates leaves the race,
and so does each candidate that is separated from the best one.

All candidates are scored on the same bars, so the seeds are the only source of error in their comparison. A candidate
is separated if a paired t test over the shared seeds rejects that it equals the best one. The test is one-sided; its
level is divided by the number of comparisons of the round (Bonferroni).

The decisions are pure functions of the scores so far. They replay the race from its first round, so that they do not
depend on the order in which trainings end, and a race that was interrupted continues where it was.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np

from fxai.evaluation.student_t import t_quantile

FEWEST_SEEDS = 2  # of each candidate in the first round; a seed error needs two values
_MEAN_SHARE_OF_SEEDS = 1 / 3
"""A race has at most this share of the most seeds, on average over its candidates, even if the budget is larger.

Twice as many trainings lower the regret by about 0.02 seed standard deviations
(`benchmarks/confirmation.py --most-seeds 32 --budget 1`).
"""

Training: TypeAlias = tuple[int, int]
"""The number of a trial and the index of a fresh seed."""


class Departure(StrEnum):
    """Why a candidate left the race."""

    SEPARATED = "separated"  # worse than the best candidate by more than the seed error explains
    WORSE_HALF = "worse half"  # in the worse half of its round
    FAILED = "failed"  # a training failed or its score is not finite


@dataclass(frozen=True, slots=True)
class RaceCandidate:
    """A trial whose configuration takes part in a confirmation."""

    trial: int
    cost: float = 1.0  # of the training of one seed, in the unit of the budget, e.g. environment steps; above 0


@dataclass(frozen=True, slots=True)
class RaceSettings:
    """The limits of a race."""

    budget: float  # the total cost of all trainings is at most this
    seeds: int = 16  # most fresh seeds of one candidate
    maximize: bool = True
    level: float = 0.05  # of the elimination test of one round


@dataclass(frozen=True, slots=True)
class RaceScores:
    """The state of a race: its candidates and the scores of the trainings that have ended.

    Candidates are in the order in which they take part if the budget does not suffice for all of them. The score of a
    training that failed is NaN.
    """

    candidates: tuple[RaceCandidate, ...]
    scores: Mapping[Training, float] = field(default_factory=dict)

    def of(self, trial: int) -> tuple[float, ...]:
        """The finite scores of a trial, in the order of the seeds."""
        own = [value for (number, _), value in sorted(self.scores.items()) if number == trial]
        return tuple(value for value in own if math.isfinite(value))

    def with_score(self, trial: int, seed_index: int, score: float) -> "RaceScores":
        """The state after one more training."""
        return replace(self, scores={**self.scores, (trial, seed_index): score})


@dataclass(frozen=True, slots=True)
class RaceRound:
    """A finished round."""

    seeds: int  # of each remaining candidate, with those of earlier rounds
    means: Mapping[int, float]  # over all these seeds, by trial, for the candidates at the start of the round
    departures: Mapping[int, Departure]  # by trial

    @property
    def remaining(self) -> tuple[int, ...]:
        """The trials that are still in the race."""
        return tuple(trial for trial in self.means if trial not in self.departures)


def next_trainings(race: RaceScores, settings: RaceSettings) -> tuple[Training, ...]:
    """The trainings of the current round whose scores are missing; empty if the race is over."""
    return _replay(race, settings)[1]


def rounds(race: RaceScores, settings: RaceSettings) -> tuple[RaceRound, ...]:
    """The finished rounds."""
    return _replay(race, settings)[0]


def chosen(race: RaceScores, settings: RaceSettings) -> int | None:
    """The trial with the best mean over its fresh seeds among the candidates that remain after the last finished round.

    None before the end of the first round, and if all trainings failed. Of equal candidates the first is chosen.
    """
    finished = rounds(race, settings)
    if not finished or not finished[-1].remaining:
        return None
    last = finished[-1]
    return max(last.remaining, key=lambda trial: _gain(last.means[trial], settings))


def most_cost(candidates: Sequence[RaceCandidate], settings: RaceSettings) -> float:
    """An upper bound of the total cost of a race.

    The budget, or a third of the most seeds for each candidate if that is less.
    """
    mean_seeds = max(_MEAN_SHARE_OF_SEEDS * settings.seeds, FEWEST_SEEDS)
    return min(settings.budget, mean_seeds * sum(each.cost for each in candidates))


def affordable(candidates: Sequence[RaceCandidate], settings: RaceSettings) -> tuple[RaceCandidate, ...]:
    """The first candidates whose `FEWEST_SEEDS` the budget pays for."""
    costs = np.cumsum([FEWEST_SEEDS * each.cost for each in candidates])
    return tuple(candidates[: int((costs <= settings.budget).sum())])


def _replay(race: RaceScores, settings: RaceSettings) -> tuple[tuple[RaceRound, ...], tuple[Training, ...]]:
    """The finished rounds, and the missing trainings of the current one."""
    finished: list[RaceRound] = []
    racing, seeds, spent = affordable(race.candidates, settings), 0, 0.0
    limit = most_cost(racing, settings)
    while len(racing) > 1:
        added = _seeds_of_round(racing, seeds, settings, limit - spent)
        if not added:
            break
        missing = [
            (each.trial, index)
            for index in range(seeds, seeds + added)
            for each in racing
            if (each.trial, index) not in race.scores
        ]
        if missing:
            return tuple(finished), tuple(missing)
        seeds += added
        spent += added * sum(each.cost for each in racing)
        finished.append(_round_of(race, racing, seeds, settings))
        racing = tuple(each for each in racing if each.trial in finished[-1].remaining)
    return tuple(finished), ()


def _seeds_of_round(racing: Sequence[RaceCandidate], seeds: int, settings: RaceSettings, left: float) -> int:
    """The number of further seeds of each candidate in the next round; 0 if the race is over."""
    fewest = FEWEST_SEEDS if seeds == 0 else 1
    cost = sum(each.cost for each in racing)
    share = left / math.ceil(math.log2(len(racing)))
    added = min(max(int(share / cost), fewest), settings.seeds - seeds)
    return added if added * cost <= left else 0


def _round_of(race: RaceScores, racing: Sequence[RaceCandidate], seeds: int, settings: RaceSettings) -> RaceRound:
    scores = {each.trial: np.array([race.scores[each.trial, index] for index in range(seeds)]) for each in racing}
    means = {trial: float(values.mean()) for trial, values in scores.items()}
    departures = {trial: Departure.FAILED for trial, mean in means.items() if not math.isfinite(mean)}
    ranked = sorted(means.keys() - departures.keys(), key=list(means).index)
    ranked.sort(key=lambda trial: -_gain(means[trial], settings))
    if len(racing) > 2:  # noqa: PLR2004 - the last two stay until the budget or the seeds are used up
        half = (len(racing) + 1) // 2
        departures.update(dict.fromkeys(ranked[half:], Departure.WORSE_HALF))
    level = settings.level / max(len(ranked) - 1, 1)
    for trial in ranked[1:]:
        lead = scores[ranked[0]] - scores[trial]
        if _is_separated(lead if settings.maximize else -lead, level):
            departures[trial] = Departure.SEPARATED
    return RaceRound(seeds, means, departures)


def _is_separated(lead: np.ndarray, level: float) -> bool:
    """Whether a paired t test at `level` rejects that the mean lead [seed] is 0. Equal nonzero leads reject it."""
    seeds = len(lead)
    error = float(lead.std(ddof=1)) / math.sqrt(seeds)
    return float(lead.mean()) > t_quantile(seeds - 1, 1.0 - level) * error


def _gain(value: float, settings: RaceSettings) -> float:
    return value if settings.maximize else -value
