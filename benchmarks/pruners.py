"""Cost and gain of the pruner of `quick_search`: completed trials, and the best value at equal wall time.

The report of a study names unimportant parameters from 40 completed trials on. A search whose pruner ends half of 50
trials never has 40, and a search whose pruner ends few trials takes longer. The searches of a seed differ only in their
pruner. The best values are compared at the moment at which the search with the first pruner ended, and at the end. The
interval, 95 %, is of the mean paired difference from the first pruner, over the seeds.

    python benchmarks/pruners.py [--seeds 10] [--source eurusd_1h] [--smoke]
"""

import argparse
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lanes_search import SHORTEST, TimedSearch, interval, quick_search
from smoke import parse

MEDIAN = {"pruner.type": "MedianPruner", "pruner.n_startup_trials": "5"}
PERCENTILE = {"pruner.type": "PercentilePruner", "pruner.n_startup_trials": "5"}
LATE = {"pruner.type": "PercentilePruner", "pruner.n_startup_trials": "20"}
PRUNERS: Mapping[str, Mapping[str, str]] = {
    "median from 15": {**MEDIAN, "pruner.n_warmup_steps": "15"},
    "median from 35": {**MEDIAN, "pruner.n_warmup_steps": "35"},
    "best 75 % from 25": {**PERCENTILE, "pruner.percentile": "75", "pruner.n_warmup_steps": "25"},
    "best 85 % from 15": {**PERCENTILE, "pruner.percentile": "85", "pruner.n_warmup_steps": "15"},
    "best 75 % after 20": {**LATE, "pruner.percentile": "75", "pruner.n_warmup_steps": "25"},
    "best 85 % after 20": {**LATE, "pruner.percentile": "85", "pruner.n_warmup_steps": "15"},
    "none": {"pruner.type": "NopPruner"},
}
FIRST = "median from 15"  # as quick_search was shipped before
SHIPPED = "best 75 % from 25"
SMOKE = (FIRST, SHIPPED)


def race(
    names: Sequence[str], seeds: int, source: str, shorter: Mapping[str, str]
) -> Mapping[str, Sequence[TimedSearch]]:
    """A search by each pruner from each seed; the pruners take turns in going first."""
    found: dict[str, list[TimedSearch]] = {name: [] for name in names}
    for seed in range(seeds):
        settings = {**shorter, "data.source": source, "seed": str(seed), "seeds_per_trial": "4"}
        for name in sorted(names, reverse=bool(seed % 2)):
            found[name].append(quick_search({**settings, **PRUNERS[name]}))
            search = found[name][-1]
            line = f"{search.training_seconds:8.1f} s, {len(search.values)} completed, best {search.best_value:.5f}"
            print(f"seed {seed}, {name:<18}{line}", flush=True)
    return found


def show(found: Mapping[str, Sequence[TimedSearch]]) -> dict[str, dict[str, float | list[float]]]:
    """Print the table; its figures by pruner."""
    moments = [search.training_seconds for search in found[FIRST]]
    print(f"\n{'pruner':<20}{'completed':>10}{'seconds':>9}{'best at equal time - first':>34}{'at the end':>34}")
    figures: dict[str, dict[str, float | list[float]]] = {}
    for name, searches in found.items():
        completed = float(np.mean([len(search.values) for search in searches]))
        seconds = float(np.mean([search.training_seconds for search in searches]))
        pairs = list(zip(searches, found[FIRST], moments, strict=True))
        then = np.array([search.best_at(moment) - first.best_at(moment) for search, first, moment in pairs])
        end = np.array([search.best_value - first.best_value for search, first, _ in pairs])
        print(f"{name:<20}{completed:10.1f}{seconds:9.1f}{_with_interval(then):>34}{_with_interval(end):>34}")
        figures[name] = {"completed": round(completed, 1), "seconds": round(seconds, 1)}
        figures[name]["at_equal_time"] = [round(each, 6) for each in interval(then)]
    return figures


def _with_interval(differences: NDArray[np.float64]) -> str:
    low, high = interval(differences)
    return f"{differences.mean():.5f} [{low:.5f}, {high:.5f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="searches by each pruner")
    parser.add_argument("--source", default="eurusd_1h", help="the market, as planted_1h")
    given = parse(parser, {"seeds": 1})
    names, shorter = (SMOKE, SHORTEST) if given.smoke else (tuple(PRUNERS), {})
    print(json.dumps(show(race(names, given.seeds, given.source, shorter))))


if __name__ == "__main__":
    main()
