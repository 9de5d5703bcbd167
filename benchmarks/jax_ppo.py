"""Trainings per hour of a PPO in JAX whose whole training is one compiled function, on the market of `lanes.py`.

Shape, budget and scoring are those of the headline of `lanes.py`: two layers of 64 for actor and critic, batches of 64,
50 updates, values of ten hyperparameters drawn at random for each training, one score at its end. Nothing is stored and
no trial is asked or told. `jax_market.py` has the market's rules, `jax_training.py` the algorithm.

The ways differ in the lanes of a call (`vmap`), in the gradient steps of one body of XLA's loop (`unroll`), and in the
processes: one for each core, with one thread, or one with all cores. Time of compiling is apart from the rate. The
ways take turns; a rate is the median of the rounds. `lanes.py --peer jax` compares the best way with FxAI.

    python benchmarks/jax_ppo.py [--lanes 1 8 16 32] [--each 32] [--updates 50] [--rounds 3] [--smoke]
"""

import argparse
import json
import statistics
from importlib.metadata import version

from blas_kernels import blas_kernels
from fxai.pool.machine import available_cores
from jax_processes import MISSING, JaxProcesses, Way, has_jax
from lanes import HEADLINE, per_hour, random_search
from smoke import parse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 8, 16, 32])
    parser.add_argument("--unroll", type=int, nargs="*", default=[2], help="further ways, with one lane")
    parser.add_argument("--each", type=int, default=32, help="trainings of each process in a round")
    parser.add_argument("--updates", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parse(parser, {"lanes": [2], "unroll": [], "each": 2, "updates": 1, "rounds": 1})
    if not has_jax():
        print(MISSING)
        print(json.dumps({"trainings_per_hour": None}))
        return
    print(f"jax {version('jax')}, jaxlib {version('jaxlib')}; {available_cores()} cores; {blas_kernels()}")
    study = random_search(HEADLINE, options.updates, trials=1, lanes=None, seed=0)
    ways = [*(Way(lanes) for lanes in options.lanes), *(Way(1, unroll) for unroll in options.unroll)]
    rates: dict[str, list[float]] = {}
    with JaxProcesses(available_cores()) as each_core, JaxProcesses(1, one_core_each=False) as all_cores:
        measured = [(f"{way}, a process a core", each_core, way) for way in ways]
        measured += [(f"{way}, one process", all_cores, way) for way in ways[-1:] if not options.smoke]
        for name, processes, way in measured:
            print(f"{name:<40} compiles in {processes.compile_seconds(study, way):6.1f} s", flush=True)
        for _ in range(options.rounds):
            for name, processes, way in measured:
                found = per_hour([(span.began, span.ended) for span in processes.trainings(study, way, options.each)])
                rates.setdefault(name, []).append(found)
    for name, found_rates in rates.items():
        print(f"{name:<40}{statistics.median(found_rates):>10.0f} trainings an hour")
    best = max(rates, key=lambda name: statistics.median(rates[name]))
    print(json.dumps({"trainings_per_hour": round(statistics.median(rates[best])), "best_way": best}))


if __name__ == "__main__":
    main()
