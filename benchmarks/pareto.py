"""What pruning by one of two objectives does to a search for a Pareto front.

The example `two_objectives` (Sharpe ratio against drawdown), its networks twice as wide and trained twelve times as
long, on planted markets, search by search with the same seeds, once pruned by the Sharpe ratio (median pruner) and
once not. Optuna itself refuses to prune with several objectives, so its own way is the second. What is compared: the
wall time of the same number of trials, and the hypervolume of the front that was found (in both with the worst values
of the pair's completed trials as reference point, scaled so that the area between these and the best values is 1).
Printed for each pair are also the seconds after which either had the final hypervolume of the search that was not
pruned; a pruned search that never had it counts as infinitely slow in the median.

    python benchmarks/pareto.py [--searches 8] [--trials 60]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.spec.find_spec import find_spec
from fxai.spec.load import load_spec
from fxai.spec.override import override
from fxai.spec.study import StudySpec
from fxai.trial import TrialState
from lanes_search import interval
from timed_study import TimedStudy, choose_device, time_study

Points = NDArray[np.float64]  # [trial, objective], less is better


LONGER = {"training.total_updates": "150", "training.eval_frequency": "10", "model.d_model": "64"}
"""What a user would search, rather than the example's few seconds: with it there is something to prune."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A search's completed trials with the seconds at which they ended."""

    seconds: float
    at: NDArray[np.float64]
    losses: Points

    @classmethod
    def of(cls, timed: TimedStudy, study: StudySpec) -> "Searched":
        complete = [each for each in timed.finishes if each.state is TrialState.COMPLETE]
        losses = [[goal.loss(each.metrics[goal.metric]) for goal in study.goals] for each in complete]
        return cls(timed.seconds, np.array([each.moment - timed.called for each in complete]), np.array(losses))


def hypervolume(losses: Points, best: Points, worst: Points) -> float:
    """The area that two losses dominate below the worst point, in units of that between worst and best."""
    scaled = np.clip((losses - best) / np.where(worst > best, worst - best, 1.0), 0.0, 1.0)
    area, height = 0.0, 1.0
    for one, other in sorted(map(tuple, scaled)):
        if other < height:
            area += (1.0 - one) * (height - other)
            height = other
    return area


def reached_after(searched: Searched, target: float, best: Points, worst: Points) -> float:
    """The seconds after which the search had that hypervolume; NaN where it never did."""
    for count, moment in enumerate(searched.at, start=1):
        if hypervolume(searched.losses[:count], best, worst) >= target:
            return float(moment)
    return float("nan")


def race(searches: int, trials: int) -> dict[str, float]:
    """Print each pair of searches; the headline figures."""
    columns = f"{'seconds':>10}{'pruned':>9}{'hypervolume':>13}{'pruned':>9}{'reached after':>15}{'pruned':>9}"
    print(f"{'market':>7}{columns}")
    times, areas, sooner = [], [], []
    for seed in range(searches):
        pair = pair_of(seed, trials)
        both = np.concatenate([searched.losses for searched in pair])
        best, worst = both.min(axis=0), both.max(axis=0)
        whole, pruned = pair
        volumes = [hypervolume(searched.losses, best, worst) for searched in pair]
        own, after = (reached_after(searched, volumes[0], best, worst) for searched in pair)
        figures = f"{whole.seconds:10.1f}{pruned.seconds:9.1f}{volumes[0]:13.4f}{volumes[1]:9.4f}"
        print(f"{seed:>7}{figures}{own:15.1f}{after:9.1f}", flush=True)
        sooner.append(0.0 if np.isnan(after) else own / after)
        times.append(whole.seconds / pruned.seconds)
        areas.append(volumes[1] - volumes[0])
    low, high = interval(np.array(areas))
    print(f"hypervolume, pruned less not pruned: mean {np.mean(areas):.4f}, 95 % interval [{low:.4f}, {high:.4f}]")
    return {
        "unpruned_over_pruned_seconds": round(float(np.median(times)), 2),
        "unpruned_over_pruned_to_the_same_hypervolume": round(float(np.median(sooner)), 2),
        "hypervolume_difference_low": round(low, 4),
        "hypervolume_difference_high": round(high, 4),
    }


def pair_of(seed: int, trials: int) -> Sequence[Searched]:
    """The same study without and with pruning, in turns first."""
    spec = load_spec(find_spec("examples/two_objectives"))
    settings = {"data.source": f"planted_1h:{seed}", "seed": str(seed), "n_trials": str(trials), **LONGER}
    ways = {"whole": {**settings, "pruner": "NopPruner"}, "pruned": settings}
    found = {}
    for way in sorted(ways, reverse=bool(seed % 2)):
        (study,) = override(spec, ways[way]).studies
        found[way] = Searched.of(time_study(study), study)
    return found["whole"], found["pruned"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=8)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    choose_device(given.device)
    figures = race(given.searches, given.trials)
    sys.stdout.flush()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
