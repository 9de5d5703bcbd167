"""Kill the coordinator again and again, and hold the study to a ledger that the tool does not write.

`python benchmarks/chaos.py --kills 3` starts a real search of real trainings, sends SIGKILL to its
parent process at random moments, starts the same command again each time, and lets the last run finish.
It fails unless the study ends with exactly the planned finished trials, none lost and none twice, every
stored report stands in the ledger with the value that was reported, and three seconds after each kill no
process of the run is left.
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
from collections.abc import Iterator
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
    objective: ledger_objective:run_trial
    n_trials: {trials}
    retries: {retries}
    sampler: {{type: TPESampler, n_startup_trials: 6}}
    pruner: {{type: MedianPruner, n_startup_trials: 4, n_warmup_steps: 4}}
    parameters:
      - {{name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}}
      - {{name: training.gamma, type: float, low: 0.9, high: 0.999}}
      - {{name: env.reward.pnl_coefficient, type: float, low: 50, high: 300}}
    training_config:
      training: {{total_updates: 24, eval_frequency: 2, n_epochs: 2}}
"""


@dataclass(frozen=True)
class Run:
    """One search on disk: everything that a run of it needs."""

    folder: Path
    trials: int
    mark: str

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

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


def kill_at_random(run: Run, rng: random.Random) -> str:
    """Start the run, let it work for a while after its first trials report, kill it; what was seen."""
    parent = run.start()
    before = _lines(run.ledger)
    while parent.poll() is None and _lines(run.ledger) <= before:
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
    return f"{_lines(run.ledger) - before:>4} lines in the ledger since its start, no process left"


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def hold_to_ledger(run: Run) -> list[str]:
    """What is wrong with the study, by the ledger; empty if nothing is."""
    ledger = read_ledger(run.ledger)
    trials = optuna.load_study(study_name="chaos", storage=run.storage).trials
    faults = []
    if [trial.number for trial in trials] != list(range(run.trials)):
        faults.append(f"planned {run.trials} trials, the study holds {[trial.number for trial in trials]}")
    for trial in trials:
        faults += [f"trial {trial.number}: {fault}" for fault in faults_of(trial, ledger[trial.number])]
    return faults


Ledger = dict[int | str, set[float]]  # by step, or "outcome": the values written down, one if all agree


def read_ledger(path: Path) -> dict[int, Ledger]:
    trials: dict[int, Ledger] = defaultdict(lambda: defaultdict(set))
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        trials[entry["trial"]][entry["step"]].add(entry["value"])
    return trials


def faults_of(trial: optuna.trial.FrozenTrial, ledger: Ledger) -> Iterator[str]:
    stored = {step: {value} for step, value in trial.intermediate_values.items()}
    known = {step: values for step, values in ledger.items() if step != "outcome"}
    if not trial.state.is_finished() or trial.state is optuna.trial.TrialState.FAIL:
        yield f"is {trial.state.name}: {trial.user_attrs}"
    for step, values in ledger.items():
        if len(values) != 1:
            yield f"reported {values} at step {step}: a retry went another way"
    if not stored.items() <= known.items():
        yield f"the study holds reports {stored} that the ledger does not: {known}"
    if trial.state is optuna.trial.TrialState.COMPLETE and ({trial.value}, stored) != (ledger["outcome"], known):
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
        for kill in range(1, arguments.kills + 1):
            print(f"kill {kill}: {kill_at_random(run, rng)}", flush=True)
        last = run.start()
        if code := last.wait():
            sys.exit(f"the last run ended with {code}")
        time.sleep(SECONDS_TO_VANISH)
        faults = hold_to_ledger(run)
        faults += [f"still running after the end: {process}" for process in run.processes()]
        print(f"{trials} trials planned, {_lines(run.ledger)} lines in the ledger, {len(faults)} faults")
        print("\n".join(faults))
        print(json.dumps({"kills": arguments.kills, "trials": trials, "faults": len(faults)}))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
