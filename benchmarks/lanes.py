"""Finished trainings per hour: FxAI in lanes, FxAI with one lane per worker, and Optuna with Stable-Baselines3.

Every training of a cell takes the same environment steps in the same market under the same rules, with networks of one
shape (two layers of tanh for the actor, two for the critic), and is scored once at its end by one scorer. Random search
draws the values that may differ between lanes: learning rate, discounts, limits, coefficients. The three ways:

- optuna+sb3: plain Optuna, one process with one thread per core (`optuna_sb3.py`), each trial a training by
  Stable-Baselines3's PPO on the vectorised environment of `sb3_vectorised.py`, on the CPU;
- one lane: a study of FxAI with `resources: {lanes_per_worker: 1}`;
- lanes: the same study with the number of lanes that FxAI chooses.

A rate counts from the start of the first training to the end of the last one. Imports and other work before the first
training are excluded on all three sides; asking, telling and storing are included. Optuna's processes have run a first
short training before; FxAI's workers have not. FxAI stores its trials in a SQLite file, Optuna in memory. The slower
ways are measured on fewer trainings. The ways take turns, in the opposite order in every other round; ratios are taken
within a round, and their median is printed. With `--device cuda` each worker of FxAI has one GPU.

The first row of the table is the headline: 2x64 networks, batches of 64, 18 inputs. The part `search` is `quick_search`
as shipped, best value over wall time. The part `regret` measures whether lanes make the search worse
(`lanes_search.py`). `--quick` runs fewer updates per training, the same for all three ways.

    python benchmarks/lanes.py [--quick] [--device cpu|cuda] [--trials N] [--part headline --part table ...] [--smoke]
"""

import argparse
import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

from fxai.market.markets.dataset import prepare
from fxai.pool import machine_slots
from fxai.pool.machine import available_cores
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.samplers import RandomSampler
from fxai.spec.search.study import Resources, StudySpec
from lanes_search import (
    QUICK_REGRET,
    QUICK_SEARCHES,
    REGRET,
    SEARCHES,
    SHORTEST,
    SMOKE_REGRET,
    compare_regret,
    race_quick_search,
)
from optuna_sb3 import OptunaProcesses
from sb3_vectorised import check_environment
from smoke import parse
from timed_study import choose_device, time_study

PARTS = ("headline", "table", "search", "regret")
SMOKE_PARTS = ("headline", "search", "regret")  # the table's other rows take the way of its first
PER_LANE = (
    FloatParameter(name="training.learning_rate", low=5e-5, high=1e-3, log=True),
    FloatParameter(name="training.gamma", low=0.9, high=0.999),
    FloatParameter(name="training.gae_lambda", low=0.8, high=0.99),
    FloatParameter(name="training.clip_epsilon", low=0.1, high=0.3),
    FloatParameter(name="training.entropy_coef", low=1e-4, high=1e-1, log=True),
    FloatParameter(name="training.value_coef", low=0.25, high=1.0),
    FloatParameter(name="training.max_grad_norm", low=0.3, high=1.0),
    FloatParameter(name="env.reward.pnl_coefficient", low=50.0, high=300.0),
    FloatParameter(name="env.reward.drawdown_penalty_coefficient", low=0.0, high=5.0),
    FloatParameter(name="env.reward.holding_penalty_coefficient", low=0.0, high=0.5),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What the networks of a row look like; with one bar an agent has 18 inputs, with eight it has 144."""

    width: int
    batch: int
    window: int = 1


HEADLINE = Cell(64, 64)
OTHERS = (Cell(64, 256), Cell(128, 64), Cell(128, 256), Cell(256, 64), Cell(256, 256), Cell(64, 64, window=8))


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    updates: int  # of each training, on all sides
    rounds: int
    optuna_each: int  # trainings of each process
    one_lane_each: int  # of each worker
    lanes: int  # in all


# Optuna's processes are as many as the cores, also beside a GPU: little is needed of each.
EFFORTS: Mapping[tuple[str, bool], tuple[Effort, Effort]] = {  # headline, other cells; by device and --quick
    ("cpu", True): (Effort(5, 2, 4, 8, 256), Effort(3, 1, 3, 6, 64)),
    ("cpu", False): (Effort(50, 3, 6, 12, 256), Effort(10, 3, 4, 8, 128)),
    ("cuda", True): (Effort(50, 1, 1, 2, 1024), Effort(20, 1, 1, 2, 256)),
    ("cuda", False): (Effort(50, 3, 1, 2, 1024), Effort(50, 3, 1, 2, 1024)),
}
SMOKE = Effort(1, 1, 1, 1, 4)


def random_search(cell: Cell, updates: int, *, trials: int, lanes: int | None, seed: int) -> StudySpec:
    """A study whose trials all have one signature and run to their end."""
    return StudySpec(
        study_name=f"lanes_{cell.width}_{cell.batch}",
        sampler=RandomSampler(),
        pruner=NopPruner(),
        parameters=PER_LANE,
        n_trials=trials,
        max_concurrent_trials=trials,  # random search learns nothing from those before
        seed=seed,
        resources=Resources(lanes_per_worker=lanes),
        training_config=TrainingConfig(
            env=EnvConfig(observation_window=cell.window),
            model=ModelConfig(d_model=cell.width, n_layers=2),
            training=PpoConfig(total_updates=updates, eval_frequency=updates, batch_size=cell.batch),
        ),
    )


def per_hour(spans: Sequence[tuple[float, float]]) -> float:
    """Trainings per hour of those that began and ended then, in seconds."""
    return 3600 * len(spans) / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def fxai_rate(study: StudySpec) -> float:
    return per_hour([(each.began, each.moment) for each in time_study(study).finishes])


@dataclass(frozen=True, slots=True)
class Ways:
    """The three ways to train what a cell asks for; each gives trainings per hour."""

    peer: OptunaProcesses
    workers: int

    def optuna_sb3(self, cell: Cell, effort: Effort, seed: int) -> float:
        study = random_search(cell, effort.updates, trials=effort.optuna_each, lanes=None, seed=seed)
        return per_hour([(span.began, span.ended) for span in self.peer.trainings(study, effort.optuna_each)])

    def one_lane(self, cell: Cell, effort: Effort, seed: int) -> float:
        trials = effort.one_lane_each * self.workers
        return fxai_rate(random_search(cell, effort.updates, trials=trials, lanes=1, seed=seed))

    def lanes(self, cell: Cell, effort: Effort, seed: int) -> float:
        return fxai_rate(random_search(cell, effort.updates, trials=effort.lanes, lanes=None, seed=seed))


@dataclass(frozen=True, slots=True)
class Row:
    """Trainings per hour of each round."""

    cell: Cell
    optuna_sb3: Sequence[float]
    one_lane: Sequence[float]
    lanes: Sequence[float]

    @property
    def over_optuna_sb3(self) -> float:
        return _median_ratio(self.lanes, self.optuna_sb3)

    @property
    def over_one_lane(self) -> float:
        return _median_ratio(self.lanes, self.one_lane)

    def __str__(self) -> str:
        shape = f"{self.cell.width:>6}{self.cell.batch:>7}{self.cell.window:>8}"
        rates = "".join(f"{statistics.median(found):>12.0f}" for found in (self.optuna_sb3, self.one_lane, self.lanes))
        return f"{shape}{rates}{self.over_optuna_sb3:>18.2f}{self.over_one_lane:>15.2f}"


TABLE_HEAD = (
    f"{'width':>6}{'batch':>7}{'window':>8}{'optuna+sb3':>12}{'one lane':>12}{'lanes':>12}"
    f"{'over_optuna_sb3':>18}{'over_one_lane':>15}"
)


def _median_ratio(numbers: Sequence[float], over: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(numbers, over, strict=True))


def measure(ways: Ways, cell: Cell, effort: Effort) -> Row:
    """The rates of a cell, round by round, the ways in turn."""
    measured: dict[str, Callable[[Cell, Effort, int], float]] = {
        "optuna_sb3": ways.optuna_sb3,
        "one_lane": ways.one_lane,
        "lanes": ways.lanes,
    }
    rates: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(effort.rounds):
        for name in sorted(measured, reverse=bool(number % 2)):
            rates[name].append(measured[name](cell, effort, number))
    return Row(cell, **rates)


def measure_cells(headline: Effort | None, others: Effort | None) -> dict[str, float]:
    """Print the table, or its first row, or the others; the headline's ratios, or the least of the others."""
    workers = len(machine_slots().slots)
    rows: dict[Cell, Row] = {}
    with OptunaProcesses(available_cores()) as peer:
        for cell, effort in [(HEADLINE, headline), *((cell, others) for cell in OTHERS)]:
            if effort is not None:
                if not rows or cell == OTHERS[0]:
                    print(f"\ntrainings per hour: {effort}; {workers} workers; {available_cores()} processes")
                    print(TABLE_HEAD)
                rows[cell] = measure(Ways(peer, workers), cell, effort)
                print(rows[cell], flush=True)
    least = min(row.over_one_lane for row in rows.values())
    print(f"the least over one lane: {least:.2f}")
    if HEADLINE not in rows:
        return {"least_over_one_lane": round(least, 2)}
    row = rows[HEADLINE]
    return {"over_optuna_sb3": round(row.over_optuna_sb3, 2), "over_one_lane": round(row.over_one_lane, 2)}


def effort_of(options: argparse.Namespace) -> tuple[Effort, Effort]:
    """For the headline's cell and for the others."""
    headline, others = (SMOKE, SMOKE) if options.smoke else EFFORTS[options.device, options.quick]
    return (headline if options.trials is None else replace(headline, lanes=options.trials)), others


def measure_search(options: argparse.Namespace) -> dict[str, float]:
    if options.smoke:
        return race_quick_search(1, SHORTEST)
    return race_quick_search(QUICK_SEARCHES if options.quick else SEARCHES, {})


def measure_regret(options: argparse.Namespace) -> dict[str, float]:
    if options.smoke:
        return compare_regret(SMOKE_REGRET)
    return compare_regret(QUICK_REGRET if options.quick else REGRET)


def machine() -> str:
    names = ("fxai", "torch", "stable-baselines3", "optuna")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    slots = machine_slots().slots
    return f"{datetime.now(UTC):%Y-%m-%d}; {available_cores()} cores; FxAI on {slots[0].device}; {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer updates and rounds; minutes on two cores")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--trials", type=int, help="of the headline in lanes; 256, on a GPU 1,024 unless given")
    parser.add_argument("--part", choices=PARTS, action="append", help="all unless given")
    options = parse(parser, {})
    os.environ["OMP_NUM_THREADS"] = "1"  # of the peer's processes; FxAI sets its workers' own
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each worker compiles its sources anew, for seconds
    choose_device(options.device)
    parts = options.part or (SMOKE_PARTS if options.smoke else PARTS)
    headline, others = effort_of(options)

    print(machine())
    config = TrainingConfig()
    print(f"checked: {check_environment(prepare(config.data), config.env)}", flush=True)
    outcome: dict[str, float] = {}
    if "headline" in parts or "table" in parts:
        efforts = headline if "headline" in parts else None, others if "table" in parts else None
        outcome |= measure_cells(*efforts)
    if "search" in parts:
        outcome |= measure_search(options)
    if "regret" in parts:
        outcome |= measure_regret(options)
    if "headline" in parts:
        outcome = {name: outcome[name] for name in ("over_optuna_sb3", "over_one_lane")}
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
