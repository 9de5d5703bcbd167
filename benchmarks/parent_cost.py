"""CPU time of the process that owns a study, at 1,000 finished trials: cores at 5 trials a second.

`quick_search` with the Median pruner (10 parameters, TPE) and ten reports per trial, on SQLite, through `run_study`
itself. Simulated workers that answer at once replace the trainings: sixteen trials in step, with requests and reports
as lines of JSON as from a worker process. The study begins with 1,000 finished trials, some pruned. The next trials are
measured in CPU seconds of this process, without the time of the simulated workers. (Nothing sleeps, so the flush of
reports that a slower study makes every second comes with other commits.)

Plain Optuna then does the same on a copy of the same database: ask, suggest, report, should_prune, tell.

    python benchmarks/parent_cost.py [--trials 200] [--optuna-trials 32] [--finished 1000] [--smoke]
"""

import argparse
import json
import math
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from fxai.pool import Activity, RunningTrial, TrialStarted, WorkerEvent
from fxai.protocol import Decision, Report, TrialRequest, TrialResult, TrialState
from fxai.protocol.wire import from_line, to_line
from fxai.protocol.worker_messages import WorkerMessage
from fxai.search import attributes
from fxai.search.open_search import open_search
from fxai.search.seeds import trial_seed
from fxai.search.space import suggest
from fxai.search.storage import WriteBehindStorage
from fxai.search.study import Search
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.samplers import TPESampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import TrialFinished
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal
from smoke import parse

SPEC = Path(__file__).parents[1] / "config/optuna/quick_search.yaml"
REPORTS = 10
EVERY = 5  # updates between two reports
LANES = 16
TRIALS_A_SECOND = 5
PARTS = ("ask", "store", "decide", "tell", "wire")


class Clock:
    """CPU seconds of this process by part; the time of a nested part counts only in that part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._started = time.process_time()
        self._part = "rest"

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        outer = self._switch(name)
        yield
        self._switch(outer)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with self.part(name):
                return function(*arguments)

        return call

    def stop(self) -> None:
        self._switch("rest")

    def _switch(self, name: str) -> str:
        now = time.process_time()
        self.seconds[self._part] += now - self._started
        outer, self._started, self._part = self._part, now, name
        return outer


def curve(quality: float, step: int) -> float:
    """A learning curve that rises to its quality."""
    return quality * (1 - math.exp(-step / 15))


def quality_of(number: int) -> float:
    return float(np.random.default_rng(number).normal())


class Instantly:
    """Workers whose trials report at once, all in step; a pruned one makes room for the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: dict[int, int] = {}
        self._running: dict[int, RunningTrial] = {}
        self._started: list[WorkerEvent] = []

    @property
    def free_slots(self) -> int:
        return LANES - len(self._steps)

    def submit(self, request: TrialRequest) -> RunningTrial:
        with self._clock.part("wire"):
            to_line(request)
        self._steps[request.number] = 0
        self._started.append(TrialStarted(request.number, 0))
        trial = self._running[request.number] = RunningTrial(request)
        return trial

    def answer(self, number: int, decision: Decision) -> None:
        self._running[number].answered(decision)

    def events(self, timeout: float) -> Sequence[WorkerEvent]:  # noqa: ARG002
        with self._clock.part("stand-in"):
            started, self._started = self._started, []
            came = [self._advance(number) for number in list(self._steps)]
            reports = tuple(each for each in came if isinstance(each, Report))
            results = tuple(each for each in came if isinstance(each, TrialResult))
            line = to_line(WorkerMessage(1, LANES, reports=reports, results=results))
        with self._clock.part("wire"):
            told = from_line(WorkerMessage, line)
            for report in told.reports:
                self._running[report.number].reported(report)
            return [*started, *told.reports, *told.results]

    def activity(self) -> Sequence[Activity]:
        return [Activity(0, "cpu", tuple(self._steps))]

    def close(self) -> None:
        pass

    def _advance(self, number: int) -> Report | TrialResult:
        step, quality = self._steps[number], quality_of(number)
        value = curve(quality, step)
        metrics = {"sharpe": value, "n_trades": 10.0, "max_drawdown": 0.1, "total_return": value}
        if self._running[number].decision is Decision.PRUNE:
            result = TrialResult(number, TrialState.PRUNED, 1.0, metrics=metrics)
        elif step == REPORTS * EVERY:
            result = TrialResult(number, TrialState.COMPLETE, 1.0, value, metrics)
        else:
            self._steps[number] = step = step + EVERY
            return Report(number, step, curve(quality, step), metrics)
        del self._steps[number]
        return result


def history(spec: StudySpec, count: int) -> list[FrozenTrial]:
    """Finished trials at random points, those below the median of the others at their fourth report pruned."""
    distributions = distributions_of(spec)
    rng = np.random.default_rng(1)
    complete: list[float] = []
    trials = []
    for number in range(count):
        quality = quality_of(-number % 2**32)
        pruned = len(complete) > 5 and quality < statistics.median(complete)
        steps = range(EVERY, EVERY * (4 if pruned else REPORTS) + 1, EVERY)
        if not pruned:
            complete.append(quality)
        trials.append(
            create_trial(
                state=OptunaState.PRUNED if pruned else OptunaState.COMPLETE,
                value=curve(quality, steps[-1]),
                params={name: draw(rng, distribution) for name, distribution in distributions.items()},
                distributions=dict(distributions),
                intermediate_values={step: curve(quality, step) for step in steps},
                user_attrs={attributes.SEED: trial_seed(0, number), "sharpe": quality, "n_trades": 10.0},
            )
        )
    return trials


def distributions_of(spec: StudySpec) -> dict[str, BaseDistribution]:
    probe = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    suggest(probe, spec.parameters, {})
    return dict(probe.distributions)


def draw(rng: np.random.Generator, distribution: BaseDistribution) -> Any:
    match distribution:
        case optuna.distributions.CategoricalDistribution(choices=choices):
            return choices[rng.integers(len(choices))]
        case optuna.distributions.IntDistribution(low=low, high=high):
            return int(rng.integers(low, high + 1))
        case optuna.distributions.FloatDistribution(low=low, high=high, log=log):
            return float(math.exp(rng.uniform(math.log(low), math.log(high))) if log else rng.uniform(low, high))
    raise TypeError(distribution)


def opened(spec: StudySpec, database: Path) -> Search:
    return open_search(
        spec, f"sqlite:///{database}", fingerprint=fingerprint(spec), default_params=default_params(spec)
    )


def grow(spec: StudySpec, database: Path, count: int) -> None:
    """A study of that many finished trials, written as one transaction."""
    with opened(spec, database) as search:
        first = search.ask()  # the default configuration
        assert first is not None
        search.tell(TrialResult(first.number, TrialState.COMPLETE, 1.0, quality_of(0)))
    storage = WriteBehindStorage(f"sqlite:///{database}")
    with storage.one_transaction():
        optuna.load_study(study_name=spec.study_name, storage=storage).add_trials(history(spec, count - 1))
    storage.close()


def ours(spec: StudySpec, database: Path, folder: Path) -> tuple[Clock, int]:
    """CPU seconds by part of a run to the study's total, and how many trials it finished."""
    with opened(spec, database) as search:
        clock = Clock()
        parts = {"ask": "ask", "report": "store", "flush": "store", "should_prune": "decide", "tell": "tell"}
        for method, part in parts.items():
            setattr(search, method, clock.timed(part, getattr(search, method)))
        events = run_study(spec, search, Instantly(clock), folder, StopSignal())
        finished = sum(isinstance(event, TrialFinished) for event in events)
        clock.stop()
    return clock, finished


def optunas(spec: StudySpec, database: Path, count: int) -> Clock:
    """The same by plain Optuna, as many trials in step."""
    assert isinstance(spec.sampler, TPESampler)
    assert isinstance(spec.pruner, MedianPruner)
    study = optuna.load_study(
        study_name=spec.study_name,
        storage=optuna.storages.RDBStorage(f"sqlite:///{database}"),
        sampler=optuna.samplers.TPESampler(n_startup_trials=spec.sampler.n_startup_trials, seed=0),
        pruner=optuna.pruners.MedianPruner(spec.pruner.n_startup_trials, spec.pruner.n_warmup_steps),
    )
    study.ask()  # its first look at the database reads all of it
    clock = Clock()
    for _ in range(math.ceil(count / LANES)):
        trials = []
        with clock.part("ask"):
            for _ in range(LANES):
                trial = study.ask()
                suggest(trial, spec.parameters, {})
                trials.append(trial)
        for step in range(EVERY, EVERY * REPORTS + 1, EVERY):
            for trial in list(trials):
                with clock.part("store"):
                    trial.report(curve(quality_of(trial.number), step), step)
                with clock.part("decide"):
                    prune = trial.should_prune()
                if prune:
                    trials.remove(trial)
                    with clock.part("tell"):
                        study.tell(trial, state=OptunaState.PRUNED)
        with clock.part("tell"):
            for trial in trials:
                study.tell(trial, curve(quality_of(trial.number), EVERY * REPORTS))
    clock.stop()
    return clock


def show(sides: Sequence[tuple[str, Clock, int]], finished: int) -> None:
    print(f"CPU of the parent, ms a trial, after {finished} finished trials ({LANES} running)")
    print(f"{'':>8}" + "".join(f"{part:>9}" for part in (*PARTS, "rest", "total")))
    for side, clock, trials in sides:
        times = [1000 * clock.seconds[part] / trials for part in (*PARTS, "rest")]
        print(f"{side:>8}" + "".join(f"{value:9.2f}" for value in (*times, sum(times))))


def total(clock: Clock) -> float:
    return sum(seconds for part, seconds in clock.seconds.items() if part != "stand-in")


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    (study,) = load_spec(SPEC).studies
    changes = {"n_trials": arguments.finished + arguments.trials, "max_concurrent_trials": LANES}
    spec = study.model_copy(update={**changes, "pruner": MedianPruner(n_warmup_steps=15)})
    database, copied = folder / "studies.db", folder / "optuna.db"
    grow(spec, database, arguments.finished)
    shutil.copy(database, copied)
    clock, trials = ours(spec, database, folder)
    sides = [("FxAI", clock, trials)]
    headline = {"cores_at_5_trials_per_second": round(TRIALS_A_SECOND * total(clock) / trials, 4)}
    if arguments.optuna_trials:
        count = LANES * math.ceil(arguments.optuna_trials / LANES)
        plain = optunas(spec, copied, count)
        sides.append(("Optuna", plain, count))
        headline["optuna_over_fxai"] = round((total(plain) / count) / (total(clock) / trials), 1)
    show(sides, arguments.finished)
    return headline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200, help="to measure")
    parser.add_argument("--optuna-trials", type=int, default=32, help="to measure with plain Optuna; 0 for none")
    parser.add_argument("--finished", type=int, default=1000, help="trials before the first that is measured")
    arguments = parse(parser, {"trials": 16, "optuna_trials": 16, "finished": 40})
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        headline = measure(arguments, Path(folder))
    print(json.dumps(headline))


if __name__ == "__main__":
    main()
