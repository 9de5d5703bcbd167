"""The effect of pruning by one of two objectives on a search for a Pareto front.

The example `two_objectives` (Sharpe ratio and maximum drawdown), trained five times as long and from four seeds, on
planted markets, search by search with the same seeds: once pruned by the Sharpe ratio (median pruner, from the first
report on) and once without pruning, which is what Optuna does with several objectives. Both have the same number of
trials; the pruned search ends first. The benchmark compares the hypervolumes of the fronts at that moment and at the
end, with the worst values of the pair's completed trials as reference point, scaled so that the area between these and
the best values is 1. It also compares the seconds after which each search had, to a thousandth, the final hypervolume
of the search without pruning. A pruned search that never reaches it counts as infinitely slow in the median. The
sampler draws the same points for both, and the numbers of a trial do not depend on other trials, so the pruned search
can only lose points of the front. Seconds are from the call, start of the workers included.

    python benchmarks/pareto.py [--searches 8] [--first-market 0] [--trials 100] [--updates 60] [--smoke]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.protocol import TrialState
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.study import StudySpec
from lanes_search import interval
from smoke import parse
from timed_study import TimedStudy, choose_device, time_study

Points = NDArray[np.float64]  # [trial, objective], less is better


LONGER = {"training.eval_frequency": "5", "seeds_per_trial": "4"}
"""With `--updates`, what a user would search rather than the example's few seconds: there is something to prune."""
SAME = 1e-3  # of a hypervolume


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

    def until(self, seconds: float) -> "Searched":
        """What it had by then."""
        done = self.at <= seconds
        return Searched(seconds, self.at[done], self.losses[done])


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


def race(markets: Sequence[int], trials: int, updates: int) -> dict[str, float | list[float]]:
    """Print each pair of searches; the headline figures."""
    print(f"{'':>7}{'seconds':>18}{'hypervolume when one is through':>34}{'at the end':>22}{'reached after':>20}")
    print(f"{'market':>7}" + f"{'whole':>11}{'pruned':>9}" * 4)
    times, ahead, lost, sooner = [], [], [], []
    for seed in markets:
        whole, pruned = pair_of(seed, trials, updates)
        both = np.concatenate([whole.losses, pruned.losses])
        best, worst = both.min(axis=0), both.max(axis=0)
        by_then, end, found = (
            hypervolume(searched.losses, best, worst) for searched in (whole.until(pruned.seconds), whole, pruned)
        )
        own, after = (reached_after(searched, (1 - SAME) * end, best, worst) for searched in (whole, pruned))
        shown = f"{whole.seconds:11.1f}{pruned.seconds:9.1f}{by_then:11.4f}{found:9.4f}{end:11.4f}{found:9.4f}"
        print(f"{seed:>7}{shown}{own:11.1f}{after:9.1f}", flush=True)
        sooner.append(0.0 if np.isnan(after) else own / after)
        times.append(whole.seconds / pruned.seconds)
        ahead.append(found - by_then)
        lost.append(end - found)
    return {
        "whole_over_pruned_seconds": round(float(np.median(times)), 2),
        "whole_over_pruned_to_the_same_hypervolume": round(float(np.median(sooner)), 2),
        "ahead_when_through": [round(each, 4) for each in interval(np.array(ahead))],
        "lost_at_the_end": [round(each, 4) for each in interval(np.array(lost))],
    }


def pair_of(seed: int, trials: int, updates: int) -> Sequence[Searched]:
    """The same study without and with pruning, in turns first."""
    spec = load_spec(find_spec("examples/two_objectives"))
    settings = {"data.source": f"planted_1h:{seed}", "seed": str(seed), "n_trials": str(trials), **LONGER}
    settings["training.total_updates"] = str(updates)
    ways = {"whole": {**settings, "pruner": "NopPruner"}, "pruned": settings}
    found = {}
    for way in sorted(ways, reverse=bool(seed % 2)):
        (study,) = override(spec, ways[way]).studies
        found[way] = Searched.of(time_study(study), study)
    return found["whole"], found["pruned"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=8)
    parser.add_argument("--first-market", type=int, default=0)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--updates", type=int, default=60, help="of each training, with a report after every fifth")
    given = parse(parser, {"searches": 1, "trials": 8, "updates": 10})
    choose_device(given.device)
    figures = race(range(given.first_market, given.first_market + given.searches), given.trials, given.updates)
    sys.stdout.flush()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
