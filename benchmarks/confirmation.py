"""The confirmation of a search's best trials by racing, and the interval of the confirmed value, on planted searches.

Racing: each search has 50 trials with four seeds; the best eight and the default are trained on fresh seeds. Racing is
compared with eight fresh seeds for each of the nine, on the same scores. The unit is the standard deviation of a score
over seeds. Regret is the true value of the best of the nine minus that of the chosen one. The true values lie below the
best possible value by an exponential spread; scores follow Student's t with 5 degrees of freedom, the spread of the
seeds differs between trials (log-normal, 0.25), and seeds are correlated over trials by 0.2.

Coverage: the 95 % interval of the leader's expected value over seeds and stretches of market, from the bar returns of
eight seeds that did not choose it. The last line has the worst case of `interval_coverage.py` with 8 seeds and 1,221
bars, in which agents of equal skill share the market. The table has the leader of a whole search, chosen by racing,
whose returns have a part that all seeds of a trial have in common. The leader was chosen on the same bars, so this part
is better than average there, whatever the seeds. Only other bars show it: the verdict is on the test split.

    python benchmarks/confirmation.py [--searches 200] [--intervals 2000] [--most-seeds 16] [--budget 0.3] [--smoke]
"""

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fxai.evaluation.whole_error import estimate
from interval_coverage import coverage, worst_coverage
from planted_searches import (
    BUDGET,
    CANDIDATES,
    DEFAULT,
    MOST_SEEDS,
    SEARCH_SEEDS,
    Array,
    confirm,
    student,
    volatility,
)
from smoke import parse

TRIALS = 50
FIXED_SEEDS = 8
SPREADS = (0.25, 0.5, 1.0, 2.0, 4.0)  # mean distance to the best possible value, in seed standard deviations
SEED_CORRELATION, SPREAD_OF_SEED_DEVIATIONS = 0.2, 0.25

BARS = 1221
OWN_SHARES = (0.0, 0.05, 0.2)  # of the variance of the returns that all seeds of a trial have in common
SEED_SHARE = 0.3  # of the variance of the returns, of one seed alone
SEED_DEVIATION = 0.3 / math.sqrt(BARS)  # of the seeds' expected values; the deviation of a seed's returns is 1


@dataclass(frozen=True, slots=True)
class Regrets:
    """One planted search."""

    racing: float
    fixed: float
    trainings: int


def planted_race(seed: int, spread: float, most_seeds: int, budget: float) -> Regrets:
    """Racing and fixed seeds on one planted search."""
    rng = np.random.default_rng((seed, int(100 * spread)))
    true = -spread * rng.exponential(size=TRIALS)
    deviations = np.exp(SPREAD_OF_SEED_DEVIATIONS * rng.normal(size=TRIALS))
    values = true + deviations * student(rng, SEARCH_SEEDS, TRIALS).mean(axis=0)
    own, shared = math.sqrt(1 - SEED_CORRELATION), math.sqrt(SEED_CORRELATION)
    noise = own * student(rng, TRIALS, most_seeds) + shared * student(rng, 1, most_seeds)
    fresh = true[:, None] + deviations[:, None] * noise
    confirmed = confirm(values, lambda trial: fresh[trial], most_seeds, budget)
    candidates = np.concatenate([[DEFAULT], np.argsort(-values[1:])[:CANDIDATES] + 1])
    by_fixed = candidates[np.argmax(fresh[candidates, :FIXED_SEEDS].mean(axis=1))]
    best = float(true[candidates].max())
    return Regrets(best - float(true[confirmed.trial]), best - float(true[by_fixed]), confirmed.trainings)


def leader_is_covered(seed: int, own_share: float) -> bool:
    """Whether the interval of one search's leader holds its expected value; all trials have the expected value 0."""
    rng = np.random.default_rng((seed, int(100 * own_share), 1))
    clusters = volatility(rng, BARS)
    market = math.sqrt(1 - own_share - SEED_SHARE) * student(rng, BARS)
    own = math.sqrt(own_share) * student(rng, TRIALS, BARS)

    def seeds_of(trial: int, count: int) -> Array:
        """Returns [seed, bar] of seeds that are drawn anew."""
        returns: Array = clusters * (market + own[trial] + math.sqrt(SEED_SHARE) * student(rng, count, BARS))
        returns += SEED_DEVIATION * rng.normal(size=(count, 1))
        return returns

    values = np.array([seeds_of(trial, SEARCH_SEEDS).mean() for trial in range(TRIALS)])
    leader = confirm(values, lambda trial: seeds_of(trial, MOST_SEEDS).mean(axis=1)).trial
    interval = estimate(seeds_of(leader, FIXED_SEEDS)).interval()
    assert interval is not None
    return interval[0] <= 0 <= interval[1]


def race_table(searches: int, most_seeds: int, budget: float) -> Mapping[str, float]:
    """Print the races by spread; the headline figures."""
    fixed_trainings = FIXED_SEEDS * (CANDIDATES + 1)
    print(f"{'spread':>8}{'trainings':>11}{'of fixed':>10}{'regret':>9}{'fixed':>9}{'difference':>12}{'+-':>8}")
    ratios, differences = [], []
    for spread in SPREADS:
        races = [planted_race(seed, spread, most_seeds, budget) for seed in range(searches)]
        racing, fixed = (np.array([getattr(race, name) for race in races]) for name in ("racing", "fixed"))
        trainings = float(np.mean([race.trainings for race in races]))
        error = (racing - fixed).std(ddof=1) / math.sqrt(searches)
        ratios.append(trainings / fixed_trainings)
        differences.append(float((racing - fixed).mean()))
        shown = f"{racing.mean():9.3f}{fixed.mean():9.3f}{differences[-1]:12.3f}{error:8.3f}"
        print(f"{spread:>8}{trainings:>11.1f}{ratios[-1]:>10.3f}{shown}", flush=True)
    return {"trainings_over_fixed": round(max(ratios), 3), "regret_over_fixed": round(max(differences), 3)}


def coverage_table(intervals: int) -> Mapping[str, float]:
    """Print the coverage by the trials' own share."""
    print(f"\n{'own share':>10}{'coverage':>10}")
    found: dict[str, float] = {}
    for own_share in OWN_SHARES:
        covered = float(np.mean([leader_is_covered(seed, own_share) for seed in range(intervals)]))
        found[f"coverage_own_share_{own_share}"] = round(covered, 3)
        print(f"{own_share:>10}{covered:>10.3f}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=200, help="of each spread")
    parser.add_argument("--intervals", type=int, default=2000, help="of each share and of each case")
    parser.add_argument("--most-seeds", type=int, default=MOST_SEEDS, help="of each candidate, at least 8")
    parser.add_argument("--budget", type=float, default=BUDGET, help="a share of the search's trainings")
    given = parse(parser, {"searches": 10, "intervals": 5})
    races = race_table(given.searches, given.most_seeds, given.budget)
    by_share = coverage_table(given.intervals)
    worst = worst_coverage(coverage(given.intervals, seeds=(FIXED_SEEDS,), bars=(BARS,)))
    print(json.dumps({**races, **by_share, "coverage": round(worst, 3)}))


if __name__ == "__main__":
    main()
