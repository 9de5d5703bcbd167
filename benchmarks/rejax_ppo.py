"""Trainings per hour of rejax's PPO beside those of the peer of `jax_ppo.py`, on the market of `lanes.py`.

Both are in JAX, and a whole training of both is one compiled function. Shapes, budget and scoring are those of the
headline of `lanes.py`. `rejax_training.py` names what rejax computes differently.

The ways differ in the lanes of a call (`vmap`). There is a process for each core, with one thread; the same processes
train by both packages. Time of compiling is apart from the rate. All ways of both take turns. A package's best way is
the one with the highest median, and the ratio is the median of the rounds' ratios.

    python benchmarks/rejax_ppo.py [--lanes 1 8 32] [--each 32] [--updates 50] [--rounds 3] [--smoke]
"""

import argparse
import importlib.util
import json
import statistics
from importlib.metadata import version

from blas_kernels import blas_kernels
from fxai.pool.machine import available_cores
from jax_processes import JaxProcesses, Way, has_jax
from lanes import HEADLINE, per_hour, random_search
from smoke import parse

MISSING = "rejax is not installed (poetry install --with peers): nothing is measured"


def has_rejax() -> bool:
    return has_jax() and importlib.util.find_spec("rejax") is not None


def best_of(rates: dict[Way, list[float]], package: str) -> Way:
    """The way of a package with the highest median."""
    return max((way for way in rates if way.package == package), key=lambda way: statistics.median(rates[way]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--each", type=int, default=32, help="trainings of each process in a round, in whole calls")
    parser.add_argument("--updates", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parse(parser, {"lanes": [2], "each": 2, "updates": 1, "rounds": 1})
    if not has_rejax():
        print(MISSING)
        print(json.dumps({"own_over_rejax": None}))
        return
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "rejax", "flax", "gymnax"))
    print(f"{versions}; {available_cores()} cores; {blas_kernels()}")
    study = random_search(HEADLINE, options.updates, trials=1, lanes=None, seed=0)
    ways = [way for lanes in options.lanes for way in (Way(lanes), Way(lanes, package="rejax"))]
    rates: dict[Way, list[float]] = {way: [] for way in ways}
    with JaxProcesses(available_cores()) as processes:
        for way in ways:
            print(f"{way.package:<6}{way!s:<10} compiles in {processes.compile_seconds(study, way):6.1f} s", flush=True)
        for number in range(options.rounds):
            for way in reversed(ways) if number % 2 else ways:
                spans = processes.trainings(study, way, options.each)
                rates[way].append(per_hour([(span.began, span.ended) for span in spans]))
                print(f"{way.package:<6}{way!s:<10}{rates[way][-1]:>8.0f} trainings an hour", flush=True)
    own, rejax = best_of(rates, "own"), best_of(rates, "rejax")
    for way in (own, rejax):
        print(f"{way.package}'s best way, {way}: {statistics.median(rates[way]):.0f} trainings an hour")
    ratio = statistics.median(ours / theirs for ours, theirs in zip(rates[own], rates[rejax], strict=True))
    print(json.dumps({"own_over_rejax": round(ratio, 2)}))


if __name__ == "__main__":
    main()
