"""Time of the process that owns the study per trial, on SQLite: FxAI's search and plain Optuna.

Both run TPE and the Median pruner on 10 parameters, with 10 reports and a pruning decision each, trial by trial in turn
on separate databases, with equal durability: rollback journal (DELETE) and full synchronisation. The clock is this
process's wall time; the objective takes no time. Meanwhile a second process polls both databases with plain SQLite and
measures when FxAI's parameters and reports become visible. The time of a trial grows with the number of earlier trials,
and the machine may have other work. Therefore the two are compared block by block, and the median of the blocks is
printed.

    python benchmarks/storage_cost.py [--blocks 5] [--trials 30] [--smoke]
"""

import argparse
import json
import math
import select
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna

from fxai.protocol import ParamValue, Report, TrialResult, TrialState
from fxai.search.open_search import open_search
from fxai.search.study import Search
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.samplers import TPESampler
from fxai.spec.search.study import StudySpec
from smoke import parse

PARAMETERS = 10
REPORTS = 10
SEEN_WITHIN_SECONDS = 2.0
STUDY = "storage_cost"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of trials of one side: milliseconds per trial, in parts."""

    ask: float
    report: float
    tell: float

    @property
    def total(self) -> float:
        return self.ask + self.report + self.tell


class Clock:
    """Wall time by part of a trial."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(("ask", "report", "tell"), 0.0)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._seconds[name] += time.perf_counter() - started

    def block(self, trials: int) -> Block:
        return Block(**{name: 1000 * seconds / trials for name, seconds in self._seconds.items()})


def reported(params: Mapping[str, ParamValue], step: int) -> float:
    """A learning curve: better near 0.3 in every parameter, rising with the steps."""
    distance = sum((value - 0.3) ** 2 for value in params.values() if isinstance(value, float))
    return math.exp(-distance) * (1 - 0.5 ** (step + 1))


def fxai_trial(search: Search, clock: Clock) -> None:
    with clock.part("ask"):
        asked = search.ask()
    assert asked is not None
    state, value = TrialState.COMPLETE, 0.0
    for step in range(REPORTS):
        value = reported(asked.params, step)
        with clock.part("report"):
            report = Report(asked.number, step, value)
            search.report(report)
            prune = search.should_prune(report)
            search.flush()
        if prune:
            state = TrialState.PRUNED
            break
    with clock.part("tell"):
        search.tell(TrialResult(asked.number, state, 0.0, value=value if state is TrialState.COMPLETE else None))


def optuna_trial(study: optuna.Study, clock: Clock) -> None:
    with clock.part("ask"):
        trial = study.ask()
        params = {f"p{k}": trial.suggest_float(f"p{k}", 0.0, 1.0) for k in range(PARAMETERS)}
    value, pruned = 0.0, False
    for step in range(REPORTS):
        value = reported(params, step)
        with clock.part("report"):
            trial.report(value, step)
            pruned = trial.should_prune()
        if pruned:
            break
    with clock.part("tell"):
        if pruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, value)


def both(search: Search, study: optuna.Study, trials: int) -> tuple[Block, Block]:
    """A block of trials of each, FxAI's and Optuna's, in turn."""
    ours, theirs = Clock(), Clock()
    for _ in range(trials):
        fxai_trial(search, ours)
        optuna_trial(study, theirs)
    return ours.block(trials), theirs.block(trials)


class Seen:
    """When something was written here and when the watching process first saw it."""

    def __init__(self, database: Path, other: Path) -> None:
        command = [sys.executable, __file__, "--watch", str(database), str(other)]
        self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.written: dict[str, float] = {}

    def delays(self) -> list[float]:
        """Seconds from each write to its first sight; ends the watcher."""
        time.sleep(2 * SEEN_WITHIN_SECONDS)
        out, _ = self._watcher.communicate(input="end\n", timeout=60)
        seen = json.loads(out)
        return [seen.get(what, math.inf) - moment for what, moment in self.written.items()]


def slow_trial(search: Search, seen: Seen) -> None:
    """A trial of some seconds, with the loop's calls in between, as a real one has."""
    asked = search.ask()
    assert asked is not None
    seen.written[f"params {asked.number}"] = time.time()
    for step in range(REPORTS):
        search.report(Report(asked.number, step, reported(asked.params, step)))
        seen.written[f"report {asked.number} {step}"] = time.time()
        wait(search, 0.4)
    wait(search, SEEN_WITHIN_SECONDS)  # the last report must be seen before the trial ends, not by its end
    search.tell(TrialResult(asked.number, TrialState.COMPLETE, 0.0, value=1.0))


def wait(search: Search, seconds: float) -> None:
    """What the loop of a study does while nothing happens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.1)
        search.flush()


def watch(databases: list[str]) -> None:
    """Read the databases every tenth of a second until stopped; print when each row of the first appeared."""
    connections = [sqlite3.connect(f"file:{name}?mode=ro", uri=True, timeout=60) for name in databases]
    seen: dict[str, float] = {}
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        for connection in reversed(connections):
            found = [f"params {number}" for (number,) in connection.execute(PARAMS_SEEN, (PARAMETERS,))]
            found += [f"report {number} {step}" for number, step in connection.execute(REPORTS_SEEN)]
        now = time.time()
        for what in found:
            seen.setdefault(what, now)
    print(json.dumps(seen))


PARAMS_SEEN = """
    SELECT number FROM trials JOIN trial_params USING (trial_id)
    WHERE trial_id > (SELECT max(trial_id) - 3 FROM trials) GROUP BY number HAVING count(*) = ?
"""
REPORTS_SEEN = """
    SELECT number, step FROM trials JOIN trial_intermediate_values USING (trial_id)
    WHERE trial_id > (SELECT max(trial_id) - 3 FROM trials)
"""


def plain_study(database: Path) -> optuna.Study:
    storage = optuna.storages.RDBStorage(f"sqlite:///{database}")
    return optuna.create_study(
        study_name=STUDY,
        storage=storage,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(
            n_startup_trials=10, n_ei_candidates=24, multivariate=True, group=False, constant_liar=True, seed=0
        ),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=0),
    )


def our_search(database: Path) -> Search:
    spec = StudySpec(
        study_name=STUDY,
        sampler=TPESampler(n_startup_trials=10, n_ei_candidates=24, multivariate=True, constant_liar=True),
        pruner=MedianPruner(n_startup_trials=5, n_warmup_steps=0),
        parameters=tuple(FloatParameter(name=f"p{k}", low=0.0, high=1.0) for k in range(PARAMETERS)),
    )
    return open_search(spec, f"sqlite:///{database}", fingerprint={"benchmark": STUDY}, default_params={})


def durability(database: Path) -> str:
    """The journal of a database and how a new connection synchronises; neither side sets less."""
    with sqlite3.connect(database) as connection:
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    return f"journal_mode={journal}, synchronous={synchronous} (2 is FULL)"


def measure(blocks: int, trials: int, folder: Path) -> float:
    ours, theirs = folder / "fxai.db", folder / "optuna.db"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = plain_study(theirs)
    with our_search(ours) as search:
        seen = Seen(ours, theirs)
        pairs = [both(search, study, trials) for _ in range(blocks)]
        slow_trial(search, seen)
        delays = seen.delays()
    ratio = statistics.median(plain.total / fast.total for fast, plain in pairs)
    show(pairs, trials)
    print(f"durability: FxAI {durability(ours)}; Optuna {durability(theirs)}")
    print(f"seen by a second process: {len(delays)} writes, the last after {max(delays):.2f} s")
    if max(delays) > SEEN_WITHIN_SECONDS:
        raise SystemExit(f"a write was not seen within {SEEN_WITHIN_SECONDS} s")
    return ratio


def show(pairs: list[tuple[Block, Block]], trials: int) -> None:
    print(f"parent's time per trial, ms ({PARAMETERS} parameters, {REPORTS} reports, TPE, MedianPruner)")
    print(f"{'trials':>12} {'side':>7} {'ask':>8} {'report':>8} {'tell':>8} {'total':>8} {'ratio':>7}")
    for index, (fast, plain) in enumerate(pairs):
        span = f"{index * trials}-{(index + 1) * trials - 1}"
        for side, block in (("FxAI", fast), ("Optuna", plain)):
            times = f"{block.ask:8.1f} {block.report:8.1f} {block.tell:8.1f} {block.total:8.1f}"
            print(f"{span:>12} {side:>7} {times}" + (f"{plain.total / fast.total:8.1f}" if block is fast else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--trials", type=int, default=30, help="of each block")
    parser.add_argument("--watch", nargs=2, help=argparse.SUPPRESS)
    arguments = parse(parser, {"blocks": 1, "trials": 3})
    if arguments.watch:
        watch(arguments.watch)
        return
    with tempfile.TemporaryDirectory() as folder:
        ratio = measure(arguments.blocks, arguments.trials, Path(folder))
    print(json.dumps({"optuna_over_fxai": round(ratio, 2)}))


if __name__ == "__main__":
    main()
