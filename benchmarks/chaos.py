"""Kills a search repeatedly and compares the study with a ledger that FxAI does not write; also for plain Optuna.

`python benchmarks/chaos.py --kills 3` starts a search with real trainings on two workers of four lanes each, sends
SIGKILL to its parent process at random moments, starts the same command again each time, and lets the last run finish.
It fails unless all of these hold: the study ends with exactly the planned finished trials, none lost and none twice;
every stored report is in the ledger with the reported value; repeated training gave the same numbers; at least one
killed worker held several trials; three seconds after each kill no process of the run is left.

Plain Optuna is killed as often (`chaos_optuna.py`). For Optuna the table only shows the content of its study at the
end.

    python benchmarks/chaos.py [--kills 3] [--trials N] [--seed 0] [--smoke]
"""

import argparse
import json
import random
import sys
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

import chaos_optuna
from chaos_run import Entry, Killed, Run, kill_at_random
from smoke import parse

REPOSITORY = Path(__file__).parents[1]
MOST_CRASHES = 20  # of plain Optuna, which is started again after each
SPEC = """\
name: chaos
studies:
  - study_name: chaos
    metric_name: mean_reward
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
      training: {{total_updates: {updates}, eval_frequency: 5, n_epochs: 4}}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is searched, and how often it is killed."""

    trials: int
    kills: int
    seed: int  # of the moments of the kills
    most_seconds: float  # between the first reports of a run and its kill
    updates: int  # of each of FxAI's trainings

    def killed(self, run: Run) -> list[Killed]:
        """Kill the run as often as planned, then let it finish."""
        rng, killed = random.Random(self.seed), []  # noqa: S311
        for kill in range(1, self.kills + 1):
            killed.append(kill_at_random(run, rng, self.most_seconds))
            print(f"kill {kill}: {killed[-1]}, no process left", flush=True)
        run.finish()
        return killed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a study holds after its kills."""

    trials: Sequence[FrozenTrial]
    entries: Sequence[Entry]
    lost: int  # lines of the ledger whose work was done again, or counts for nothing
    crashes: int  # ends of a run by an error of its own

    def __str__(self) -> str:
        states = [trial.state for trial in self.trials]
        finished = states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED)
        running, failed = states.count(TrialState.RUNNING), states.count(TrialState.FAIL)
        rows = f"{len(states):>8}{finished:>10}{failed:>8}{running:>14}"
        return f"{rows}{len(self.entries):>8}{self.lost:>12}{self.crashes:>9}"


HEAD = f"{'':<8}{'planned':>8}{'trials':>8}{'finished':>10}{'failed':>8}{'left running':>14}"
HEAD += f"{'lines':>8}{'lost lines':>12}{'crashes':>9}"


def fxai(plan: Plan, folder: Path) -> tuple[Outcome, list[str]]:
    """FxAI's study after its kills, and what is wrong with it."""
    spec, storage = folder / "chaos.yaml", f"sqlite:///{folder / 'studies.db'}"
    spec.write_text(SPEC.format(trials=plan.trials, retries=plan.kills, updates=plan.updates))
    command = [sys.executable, str(REPOSITORY / "optuna_optimization.py"), "run", "--quiet"]
    command += ["--spec", str(spec), "--storage", storage]
    command += ["--results-dir", str(folder / "results"), "--n-jobs", "2"]
    run = Run(folder, command, uuid.uuid4().hex, most_crashes=0)
    killed = plan.killed(run)
    entries, trials = run.entries(), stored("chaos", storage)
    faults = list(faults_of_study(trials, plan.trials, by_trial(entries)))
    faults += [f"still running after the end: {process}" for process in run.processes()]
    if killed and max(count for each in killed for count in each.held) == 1:
        faults.append("no killed worker held several trials; another --seed, or more trials")
    again = len(entries) - len({(entry.trial, entry.step) for entry in entries})
    return Outcome(trials, entries, again, run.crashes), faults


def plain_optuna(plan: Plan, folder: Path) -> Outcome:
    """Optuna's study after as many kills; the lines of trials that did not finish are lost."""
    database = folder / "optuna.db"
    command = chaos_optuna.command(database, plan.trials, plan.kills)
    run = Run(folder, command, uuid.uuid4().hex, most_crashes=MOST_CRASHES)
    plan.killed(run)
    trials = stored(chaos_optuna.STUDY, f"sqlite:///{database}")
    finished = {trial.number for trial in trials if trial.state in chaos_optuna.FINISHED}
    entries = run.entries()
    return Outcome(trials, entries, sum(entry.trial not in finished for entry in entries), run.crashes)


def stored(study: str, storage: str) -> list[FrozenTrial]:
    return optuna.load_study(study_name=study, storage=storage).trials


Ledger = dict[int | str, set[float | None]]  # by step, or state: the values written down, one if all agree


def by_trial(entries: Sequence[Entry]) -> dict[int, Ledger]:
    trials: dict[int, Ledger] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        trials[entry.trial][entry.step].add(entry.value)
    return trials


def faults_of_study(trials: Sequence[FrozenTrial], planned: int, ledger: dict[int, Ledger]) -> Iterator[str]:
    """What is wrong with the study, by the ledger; nothing if nothing is."""
    if [trial.number for trial in trials] != list(range(planned)):
        yield f"planned {planned} trials, the study holds {[trial.number for trial in trials]}"
    for trial in trials:
        yield from (f"trial {trial.number}: {fault}" for fault in faults_of(trial, ledger[trial.number]))


def faults_of(trial: FrozenTrial, ledger: Ledger) -> Iterator[str]:
    stored = {step: {value} for step, value in trial.intermediate_values.items()}
    known = {step: values for step, values in ledger.items() if isinstance(step, int)}
    if not trial.state.is_finished() or trial.state is TrialState.FAIL:
        yield f"is {trial.state.name}: {trial.user_attrs}"
    for step, values in ledger.items():
        if len(values) != 1:
            yield f"reported {values} at step {step}: a retry went another way"
    if not stored.items() <= known.items():
        yield f"the study holds reports {stored} that the ledger does not: {known}"
    if trial.state is TrialState.COMPLETE and ({trial.value}, stored) != (ledger["complete"], known):
        yield f"complete with {trial.value} and {stored}, the ledger has {ledger}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--trials", type=int, default=None, help="planned trials; 8 for each kill unless given")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--updates", type=int, default=60, help="of each of FxAI's trainings")
    parser.add_argument("--most-seconds", type=float, default=6.0, help="of a run before its kill")
    given = parse(parser, {"kills": 1, "trials": 8, "updates": 15, "most_seconds": 0.5})
    plan = Plan(given.trials or 8 * (given.kills + 1), given.kills, given.seed, given.most_seconds, given.updates)
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        print("FxAI", flush=True)
        outcome, faults = fxai(plan, Path(ours))
        print("plain Optuna", flush=True)
        peer = plain_optuna(plan, Path(theirs))
    print(f"\nafter {plan.kills} kills\n{HEAD}")
    for name, each in (("FxAI", outcome), ("Optuna", peer)):
        print(f"{name:<8}{plan.trials:>8}{each}")
    print(f"{len(faults)} faults of FxAI's study", *faults, sep="\n")
    print(json.dumps({"kills": plan.kills, "trials": plan.trials, "faults": len(faults)}))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
