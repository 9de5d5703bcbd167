"""Utilization of the workers: CPU time in trials over wall time times workers, compared with Optuna and Ray Tune.

Each trial takes a second of CPU time (`--seconds`), in pure Python (which holds the interpreter's lock, as the dispatch
of small networks does) or in NumPy (which releases it). Every program asks a TPE sampler for one parameter per trial.
The wall time runs from the start of the first trial to the end of the last one. The time before it, with FxAI until
every worker has run an empty trial, is shown separately.

`busy` is the CPU time. Other work on the machine lowers it, so `occupied`, the time in which workers had a trial, is
shown too. The last line has `busy` for FxAI on pure Python.

    python benchmarks/pool_use.py [--trials 20] [--workers 2] [--smoke]
"""

import argparse
import importlib.util
import json
import math
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna

from fxai.pool import LocalPool
from fxai.protocol import Decision, JsonObject, LanePlan, Outcome, Report, Slot, TrialRequest, TrialResult
from smoke import parse

OBJECTIVE = "pool_use:burn"


NUMBERS = np.linspace(0.0, 1.0, 300_000)
WORK: dict[str, Callable[[], object]] = {
    "python": lambda: sum(number * number for number in range(2000)),
    "numpy": lambda: np.sin(NUMBERS),
}


def burn_cpu(kind: str, seconds: float) -> tuple[float, float]:
    """Use so many seconds of this thread's CPU time; returns the CPU and the wall time that it took."""
    wall, cpu = time.monotonic(), time.thread_time()
    while time.thread_time() - cpu < seconds:
        WORK[kind]()
    return time.thread_time() - cpu, time.monotonic() - wall


@dataclass(frozen=True, slots=True)
class Effort:
    """How much each tool has to do, and with what."""

    trials: int
    workers: int
    seconds: float  # of CPU time of each trial


@dataclass(frozen=True, slots=True)
class Use:
    """What one tool made of the workers."""

    start_seconds: float  # until the first trial ran
    wall_seconds: float
    trials: Sequence[tuple[float, float]]  # CPU and wall time of each

    def busy(self, workers: int) -> float:
        """CPU time in trials over what the workers had: what other processes take is missing from it."""
        return sum(cpu for cpu, _ in self.trials) / (self.wall_seconds * workers)

    def occupied(self, workers: int) -> float:
        """Time in which a worker had a trial, whether or not it got a core for it."""
        return sum(wall for _, wall in self.trials) / (self.wall_seconds * workers)


def burn(request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:  # noqa: ARG001
    """The objective that FxAI's workers import from this file."""
    cpu, wall = (
        burn_cpu(str(request.config["burn"]), float(str(request.config["seconds"]))) if request.config else (0.0, 0.0)
    )
    yield Report(request.number, 1, cpu)
    return Outcome(cpu, {"wall": wall})


def fxai_use(kind: str, effort: Effort) -> Use:
    study = optuna.create_study()
    began = time.monotonic()
    asked: dict[int, optuna.Trial] = {}
    ended: list[tuple[float, float]] = []
    slots = [Slot(index) for index in range(effort.workers)]
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalPool(slots, Path(folder), LanePlan(OBJECTIVE, {})) as pool,
    ):
        _start(pool, effort.workers, Path(folder))
        start = time.monotonic()
        while len(ended) < effort.trials:
            while pool.free_slots and len(asked) < effort.trials:
                trial = study.ask()
                trial.suggest_float("x", 0.0, 1.0)
                asked[trial.number] = trial
                pool.submit(_request({"burn": kind, "seconds": effort.seconds}, trial.number, Path(folder)))
            for event in pool.events(1.0):
                match event:
                    case Report() as report:
                        pool.answer(report.number, Decision.CONTINUE)
                    case TrialResult() as result:
                        study.tell(asked[result.number], result.value)
                        ended.append((result.value or math.nan, result.metrics["wall"]))
        end = time.monotonic()
    return Use(start - began, end - start, ended)


def _start(pool: LocalPool, workers: int, folder: Path) -> None:
    """Run an empty trial on every worker."""
    for number in range(workers):
        pool.submit(_request({}, number, folder / "start"))
    while pool.free_slots < workers:
        for event in pool.events(1.0):
            if isinstance(event, Report):
                pool.answer(event.number, Decision.CONTINUE)


def _request(config: JsonObject, number: int, folder: Path) -> TrialRequest:
    return TrialRequest(
        study="pool_use",
        number=number,
        attempt=0,
        objective=OBJECTIVE,
        params={},
        config=config,
        base_config={},
        seeds=(number,),
        metric="seconds",
        directory=folder / str(number),
    )


def optuna_use(kind: str, effort: Effort) -> Use:
    """Optuna's own parallelism: threads."""
    ended: list[tuple[float, float]] = []

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("x", 0.0, 1.0)
        ended.append(burn_cpu(kind, effort.seconds))
        return ended[-1][0]

    began = time.monotonic()
    optuna.create_study().optimize(objective, n_trials=effort.trials, n_jobs=effort.workers)
    return Use(0.0, time.monotonic() - began, ended)


def ray_use(kind: str, effort: Effort) -> Use:
    """Ray Tune with Optuna as its searcher."""
    import ray  # noqa: PLC0415
    from ray import tune  # noqa: PLC0415
    from ray.tune.search.optuna import OptunaSearch  # noqa: PLC0415

    def trainable(config: dict[str, float]) -> dict[str, float]:  # noqa: ARG001
        start = time.monotonic()
        cpu, wall = burn_cpu(kind, effort.seconds)
        return {"cpu": cpu, "wall": wall, "start": start, "end": time.monotonic()}

    began = time.monotonic()
    ray.init("local", num_cpus=effort.workers, include_dashboard=False, log_to_driver=False)
    tuner = tune.Tuner(
        trainable,
        param_space={"x": tune.uniform(0.0, 1.0)},
        tune_config=tune.TuneConfig(metric="cpu", mode="min", num_samples=effort.trials, search_alg=OptunaSearch()),
        run_config=tune.RunConfig(verbose=0),
    )
    rows = [result.metrics for result in tuner.fit()]
    ray.shutdown()
    first, last = min(row["start"] for row in rows), max(row["end"] for row in rows)
    return Use(first - began, last - first, [(row["cpu"], row["wall"]) for row in rows])


TOOLS = {"fxai": ("fxai", fxai_use), "optuna, n_jobs": ("optuna", optuna_use), "ray tune": ("ray", ray_use)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="of CPU time of each trial")
    options = parse(parser, {"trials": 2, "seconds": 0.1})
    effort = Effort(options.trials, options.workers, options.seconds)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(f"{options.trials} trials of {options.seconds:g} s CPU time on {options.workers} workers")
    print(f"{'tool':16}{'trial in':10}{'start s':>9}{'wall s':>9}{'busy':>8}{'occupied':>10}")
    headline = math.nan
    for name, (package, use_of) in TOOLS.items():
        for kind in WORK:
            if importlib.util.find_spec(package) is None:
                print(f"{name:16}{kind:10}  not installed")
                continue
            use = use_of(kind, effort)
            busy = use.busy(options.workers)
            times = f"{use.start_seconds:9.2f}{use.wall_seconds:9.2f}"
            print(f"{name:16}{kind:10}{times}{busy:8.1%}{use.occupied(options.workers):10.1%}")
            if (name, kind) == ("fxai", "python"):
                headline = busy
    print(json.dumps({"fxai_busy": round(headline, 4)}))


if __name__ == "__main__":
    main()
