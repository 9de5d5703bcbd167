"""Kill the coordinator again and again, and hold the study to a ledger that the tool does not write.

`python benchmarks/chaos.py --kills 3` starts a real search of real trainings on two workers of four lanes
each, sends SIGKILL to its parent process at random moments, starts the same command again each time, and
lets the last run finish. It fails unless the study ends with exactly the planned finished trials, none lost
and none twice, every stored report stands in the ledger with the value that was reported, whatever was
trained again came to the same numbers, some killed worker held several trials, and three seconds after each
kill no process of the run is left.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
import psutil

REPOSITORY = Path(__file__).parents[1]
MARK = "FXAI_CHAOS_RUN"
SECONDS_TO_VANISH = 3
SPEC = """\
name: chaos
studies:
  - study_name: chaos
    objective: ledger_objective:LEDGER
    n_trials: {trials}
    retries: {retries}
    resources: {{lanes_per_worker: 4}}
    sampler: {{type: TPESampler, n_startup_trials: 6}}
    pruner: {{type: MedianPruner, n_startup_trials: 4, n_warmup_steps: 4}}
    parameters:
      - {{name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}}
      - {{name: training.gamma, type: float, low: 0.9, high: 0.999}}
      - {{name: env.reward.pnl_coefficient, type: float, low: 50, high: 300}}
    training_config:
      training: {{total_updates: 60, eval_frequency: 5, n_epochs: 4}}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    trial: int
    attempt: int
    worker: int  # its process
    step: int | str  # of a report; a result has its state instead
    value: float | None


@dataclass(frozen=True, slots=True)
class Killed:
    """What a run was doing when it was killed."""

    entries: Sequence[Entry]  # since its start

    @property
    def held(self) -> list[int]:
        """Of each worker: how many trials had reported from it and not ended."""
        under_way: dict[int, set[int]] = defaultdict(set)
        for entry in self.entries:
            if isinstance(entry.step, int):
                under_way[entry.worker].add(entry.trial)
            else:
                under_way[entry.worker].discard(entry.trial)
        return sorted(map(len, under_way.values()))

    def __str__(self) -> str:
        held = " and ".join(map(str, self.held))
        return f"{len(self.entries):>4} lines in the ledger since its start, {held} trials on its workers"


@dataclass(frozen=True)
class Run:
    """One search on disk: everything that a run of it needs."""

    folder: Path
    trials: int
    mark: str

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def entries(self) -> list[Entry]:
        if not self.ledger.exists():
            return []
        return [Entry(**json.loads(line)) for line in self.ledger.read_text().splitlines()]

    @property
    def storage(self) -> str:
        return f"sqlite:///{self.folder / 'studies.db'}"

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(REPOSITORY / "optuna_optimization.py"), "run", "--quiet"]
        command += ["--spec", str(self.folder / "chaos.yaml"), "--storage", self.storage]
        command += ["--results-dir", str(self.folder / "results"), "--n-jobs", "2"]
        environment = os.environ | {
            MARK: self.mark,
            "FXAI_LEDGER": str(self.ledger),
            "PYTHONPATH": str(REPOSITORY / "benchmarks"),
        }
        return subprocess.Popen(command, env=environment, cwd=self.folder, start_new_session=True)

    def processes(self) -> list[psutil.Process]:
        """All processes that carry this run's mark in their environment, whoever their parent is."""
        return [process for process in psutil.process_iter() if _environment(process).get(MARK) == self.mark]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return {}


def kill_at_random(run: Run, rng: random.Random) -> Killed:
    """Start the run, let it work for a while after its first trials report, kill it."""
    before = len(run.entries())
    parent = run.start()
    while parent.poll() is None and len(run.entries()) <= before:
        time.sleep(0.02)
    time.sleep(rng.uniform(0.0, 6.0))
    if parent.poll() is not None:
        sys.exit(f"the run ended with {parent.returncode} before it could be killed; plan more trials")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    time.sleep(SECONDS_TO_VANISH)
    left = run.processes()
    if left:
        sys.exit(f"{SECONDS_TO_VANISH} s after the kill there are still {left}")
    return Killed(run.entries()[before:])


def hold_to_ledger(run: Run) -> list[str]:
    """What is wrong with the study, by the ledger; empty if nothing is."""
    ledger = by_trial(run.entries())
    trials = optuna.load_study(study_name="chaos", storage=run.storage).trials
    faults = []
    if [trial.number for trial in trials] != list(range(run.trials)):
        faults.append(f"planned {run.trials} trials, the study holds {[trial.number for trial in trials]}")
    for trial in trials:
        faults += [f"trial {trial.number}: {fault}" for fault in faults_of(trial, ledger[trial.number])]
    return faults


Ledger = dict[int | str, set[float | None]]  # by step, or state: the values written down, one if all agree


def by_trial(entries: Sequence[Entry]) -> dict[int, Ledger]:
    trials: dict[int, Ledger] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        trials[entry.trial][entry.step].add(entry.value)
    return trials


def faults_of(trial: optuna.trial.FrozenTrial, ledger: Ledger) -> Iterator[str]:
    stored = {step: {value} for step, value in trial.intermediate_values.items()}
    known = {step: values for step, values in ledger.items() if isinstance(step, int)}
    if not trial.state.is_finished() or trial.state is optuna.trial.TrialState.FAIL:
        yield f"is {trial.state.name}: {trial.user_attrs}"
    for step, values in ledger.items():
        if len(values) != 1:
            yield f"reported {values} at step {step}: a retry went another way"
    if not stored.items() <= known.items():
        yield f"the study holds reports {stored} that the ledger does not: {known}"
    if trial.state is optuna.trial.TrialState.COMPLETE and ({trial.value}, stored) != (ledger["complete"], known):
        yield f"complete with {trial.value} and {stored}, the ledger has {ledger}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--trials", type=int, default=None, help="planned trials; 8 for each kill unless given")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    arguments = parser.parse_args()
    trials = arguments.trials or 8 * (arguments.kills + 1)
    rng = random.Random(arguments.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), trials, uuid.uuid4().hex)
        (run.folder / "chaos.yaml").write_text(SPEC.format(trials=trials, retries=arguments.kills))
        killed: list[Killed] = []
        for kill in range(1, arguments.kills + 1):
            killed.append(kill_at_random(run, rng))
            print(f"kill {kill}: {killed[-1]}, no process left", flush=True)
        last = run.start()
        if code := last.wait():
            sys.exit(f"the last run ended with {code}")
        time.sleep(SECONDS_TO_VANISH)
        faults = hold_to_ledger(run)
        faults += [f"still running after the end: {process}" for process in run.processes()]
        if killed and max(count for each in killed for count in each.held) == 1:
            faults.append("no killed worker held several trials; another --seed, or more trials")
        entries = run.entries()
        again = len(entries) - len({(entry.trial, entry.step) for entry in entries})
        print(f"{trials} trials planned, {len(entries)} lines in the ledger, {again} of them a second time")
        print(f"{len(faults)} faults")
        print("\n".join(faults))
        print(json.dumps({"kills": arguments.kills, "trials": trials, "faults": len(faults)}))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
