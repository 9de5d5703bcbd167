"""How many workers one parent keeps busy: trials per second of the process that owns a study.

Simulated workers that only sleep (`sleeping_workers.py`) take the place of trainings. Everything else is what a run
does: the loop of a study, its search, storage and sampler, and configurations with the ten parameters of
`quick_search`. The databases are SQLite in a file, and PostgreSQL on this machine (`scale_databases.py`).

Throughput: the workers together offer more trials per second than the parent can handle, so the parent is the limit.
Trials take between half and one and a half times their mean. The figure is the finished trials per second of wall time
once trials end. CPU is the parent's own time per finished trial. The table varies the number of
workers at 10,000 finished trials, and the number of finished trials at 1,000 workers. Below them, Optuna is two
processes that do nothing but ask and tell (`scale_peer.py`).

Busy: 1,920 workers, each trial takes exactly 60 s of real time. The figure is the share of the workers' time in which
they had a trial, from the begin of the first trial, so it contains the ramp in which all workers get their first
trial. Trials of equal length are the hard case, since the trials of a wave end together.

`--one-second`: only so many trials of a second on two workers of the local pool (`one_second.py`).

    python benchmarks/scale.py [--quick] [--one-second TRIALS] [--smoke]
"""

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import optuna

from fxai.search.open_search import open_search
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.samplers import RandomSampler, Sampler, TPESampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import Heartbeat, TrialBegan, TrialFinished
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal
from one_second import WORKERS, one_second_trials
from parent_cost import quality_of
from scale_databases import Database, SqliteFiles, grow, postgresql
from scale_peer import optuna_throughput
from sleeping_workers import SleepingWorkers
from smoke import parse

SPEC = Path(__file__).parents[1] / "config/optuna/quick_search.yaml"
SAMPLERS: dict[str, Sampler] = {"random": RandomSampler(), "tpe": TPESampler(n_startup_trials=10)}
OFFERED_PER_SECOND = 1000.0  # trials that the workers could end, more than the parent handles
LEAST_ENDS = 200
MOST_TIMES_LONGER = 10  # of the time of a measurement
GOLDEN_RATIO = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Load:
    """Simulated workers, their trials, and how long they are measured."""

    workers: int
    trial_seconds: float
    spread: float  # trials take (1 - spread) to (1 + spread) times trial_seconds
    seconds: float

    def seconds_of(self, number: int) -> float:
        """How long a trial takes: evenly spread over the trials, in no order."""
        return self.trial_seconds * (1 + self.spread * (2 * (number * GOLDEN_RATIO % 1.0) - 1))


@dataclass(frozen=True, slots=True)
class Round:
    """State at the end of one round of the study's loop."""

    time: float  # monotonic
    cpu: float  # seconds of this process
    finished: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What the parent did with a load."""

    per_second: float  # finished trials per second
    cpu_ms: float  # of this process per finished trial
    ramp_seconds: float  # until all workers had their first trial
    busy: float


def study_of(sampler: Sampler, workers: int) -> StudySpec:
    """`quick_search` without a pruner, since simulated trials send no reports."""
    (study,) = load_spec(SPEC).studies
    changes = {"sampler": sampler, "pruner": NopPruner(), "n_trials": 10**7, "max_concurrent_trials": workers}
    return study.model_copy(update=changes)


def measure(spec: StudySpec, url: str, load: Load, folder: Path) -> Measured:
    """Run the study until the load's seconds have passed since its first trial began.

    Rates are between two rounds of the loop, the first one with the end of a trial and the last one. A run of fewer
    than `LEAST_ENDS` ends in that time takes longer.
    """
    workers, ramp, begun, finished = SleepingWorkers(load.workers, load.seconds_of, quality_of), 0.0, 0, 0
    first: Round | None = None
    with open_search(spec, url, fingerprint=fingerprint(spec), default_params=default_params(spec)) as search:
        for event in run_study(spec, search, workers, folder, StopSignal()):
            begun += isinstance(event, TrialBegan)
            finished += isinstance(event, TrialFinished)
            if not isinstance(event, Heartbeat) or workers.began is None:
                continue
            last = Round(time.monotonic(), time.process_time(), finished)
            ramp = ramp or (last.time - workers.began if begun >= load.workers else 0.0)
            first = first or (last if finished else None)
            passed, ends = last.time - workers.began, 0 if first is None else finished - first.finished
            if passed >= load.seconds and (ends >= LEAST_ENDS or passed >= MOST_TIMES_LONGER * load.seconds):
                break
        busy = workers.busy_share(last.time)
    if first is None or last.finished == first.finished:
        return Measured(0.0, 0.0, ramp, busy)
    ends, seconds, cpu = last.finished - first.finished, last.time - first.time, last.cpu - first.cpu
    return Measured(ends / seconds, 1000 * cpu / ends, ramp, busy)


def throughput(database: Database, sampler: str, workers: int, finished: int, seconds: float) -> Measured:
    """Measure workers that end more trials than the parent handles, on a fresh copy of the study."""
    load = Load(workers, workers / OFFERED_PER_SECOND, 0.5, seconds)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(study_of(SAMPLERS[sampler], workers), database.copied(finished), load, Path(folder))
    print(
        f"{database.name:<12}{sampler:<8}{workers:>8}{finished:>10}{measured.per_second:>12.1f}"
        f"{measured.cpu_ms:>10.2f}{measured.ramp_seconds:>8.1f}",
        flush=True,
    )
    return measured


def beside(database: Database, sampler: str, finished: int, seconds: float) -> None:
    """Measure plain Optuna on a fresh copy of the same study."""
    spec = study_of(SAMPLERS[sampler], 1)
    per_second, cpu_ms = optuna_throughput(spec, sampler, database.copied(finished), seconds)
    print(f"{database.name:<12}{sampler:<8}{'Optuna':>8}{finished:>10}{per_second:>12.1f}{cpu_ms:>10.2f}", flush=True)


def table(arguments: argparse.Namespace, database: Database) -> None:
    """Vary the workers at the middle number of finished trials, and the finished trials at 1,000 workers."""
    middle = sorted(arguments.finished)[len(arguments.finished) // 2]
    grown = dict.fromkeys(arguments.finished)
    for finished in grown:
        grow(study_of(SAMPLERS["random"], 1), database.original(finished), finished)
        for sampler in SAMPLERS:
            for workers in arguments.workers if finished == middle else [min(1000, max(arguments.workers))]:
                throughput(database, sampler, workers, finished, arguments.seconds)
            beside(database, sampler, finished, arguments.seconds)


def headline(arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    """The figures of the last line, on SQLite."""
    database, middle = SqliteFiles(folder), 20 if arguments.smoke else 10_000
    grow(study_of(SAMPLERS["random"], 1), database.original(middle), middle)
    workers = arguments.busy_workers
    rates = {sampler: throughput(database, sampler, workers, middle, arguments.seconds) for sampler in SAMPLERS}
    load = Load(workers, arguments.busy_trial, 0.0, arguments.busy_seconds)
    with tempfile.TemporaryDirectory() as trials:
        measured = measure(study_of(SAMPLERS["random"], workers), database.copied(middle), load, Path(trials))
    print(
        f"{workers} workers, {load.trial_seconds:g} s a trial, {load.seconds:g} s: {measured.busy:.1%} busy; "
        f"all had a trial after {measured.ramp_seconds:.1f} s, {measured.per_second:.1f} trials/s, "
        f"{measured.cpu_ms:.2f} ms CPU of the parent a trial"
    )
    return {
        "busy_1920": round(measured.busy, 4),
        "random_per_s": round(rates["random"].per_second, 1),
        "tpe_per_s": round(rates["tpe"].per_second, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the figures of the last line")
    parser.add_argument("--workers", type=int, nargs="+", default=[10, 100, 1000, 2000])
    parser.add_argument("--finished", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="trials before")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement of throughput")
    parser.add_argument("--busy-workers", type=int, default=1920)
    parser.add_argument("--busy-trial", type=float, default=60.0, help="seconds of a trial of the busy workers")
    parser.add_argument("--busy-seconds", type=float, default=180.0, help="how long the busy workers are measured")
    parser.add_argument("--one-second", type=int, metavar="TRIALS", help="only trials of a second on two workers")
    smallest = {"workers": [4], "finished": [20], "seconds": 0.5, "busy_workers": 8}
    arguments = parse(parser, {**smallest, "busy_trial": 0.2, "busy_seconds": 1.0})
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if arguments.one_second:
        seconds, best = one_second_trials(arguments.one_second), arguments.one_second / WORKERS
        overhead = 1000 * (seconds - best) / best
        print(f"{arguments.one_second} trials of a second on {WORKERS} workers: {seconds:.1f} s, {best:g} s at best")
        print(json.dumps({"seconds": round(seconds, 1), "at_best": best, "overhead_ms_a_trial": round(overhead, 1)}))
        return
    print(f"{'database':<12}{'sampler':<8}{'workers':>8}{'finished':>10}{'trials/s':>12}{'CPU ms':>10}{'ramp s':>8}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        if not arguments.quick:
            server = servers.enter_context(postgresql())
            for database in (SqliteFiles(Path(folder, "table")), server):
                if database is not None:
                    table(arguments, database)
        figures = headline(arguments, Path(folder))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
