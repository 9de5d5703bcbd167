"""Finished trainings per hour: FxAI in lanes, FxAI with one lane per worker, Optuna with Stable-Baselines3, and JAX.

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

With `--peer jax` the headline and the table have the column of a further peer: a PPO in JAX whose whole training is
one compiled function (`jax_training.py`). It is measured in several ways, 1 to 32 trainings in a call by `vmap`, on the
CPU in one process a core, warm: compiling is excluded and printed. The way with the highest median counts.

    python benchmarks/lanes.py [--quick] [--device cpu|cuda] [--trials N] [--part headline --part table ...]
        [--peer jax] [--smoke]
"""

import argparse
import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from blas_kernels import blas_kernels
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
from jax_processes import MISSING, JaxProcesses, Way, has_jax
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
    jax_each: int = 32  # of each process of JAX, each way
    jax_ways: Sequence[Way] = (Way(1), Way(8), Way(16), Way(32))


FEW = (Way(1), Way(16))
# Optuna's processes are as many as the cores, also beside a GPU: little is needed of each.
EFFORTS: Mapping[tuple[str, bool], tuple[Effort, Effort]] = {  # headline, other cells; by device and --quick
    ("cpu", True): (Effort(5, 2, 4, 8, 256), Effort(3, 1, 3, 6, 64, jax_ways=FEW)),
    ("cpu", False): (Effort(50, 3, 6, 12, 256), Effort(10, 3, 4, 8, 128, jax_ways=FEW)),
    ("cuda", True): (Effort(50, 1, 1, 2, 1024), Effort(20, 1, 1, 2, 256, jax_ways=FEW)),
    ("cuda", False): (Effort(50, 3, 1, 2, 1024), Effort(50, 3, 1, 2, 1024, jax_ways=FEW)),
}
SMOKE = Effort(1, 1, 1, 1, 4, jax_each=1, jax_ways=(Way(2),))


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
    """The ways to train what a cell asks for; each gives trainings per hour."""

    peer: OptunaProcesses
    workers: int
    jax: JaxProcesses | None

    def optuna_sb3(self, cell: Cell, effort: Effort, seed: int) -> float:
        study = random_search(cell, effort.updates, trials=effort.optuna_each, lanes=None, seed=seed)
        return per_hour([(span.began, span.ended) for span in self.peer.trainings(study, effort.optuna_each)])

    def one_lane(self, cell: Cell, effort: Effort, seed: int) -> float:
        trials = effort.one_lane_each * self.workers
        return fxai_rate(random_search(cell, effort.updates, trials=trials, lanes=1, seed=seed))

    def lanes(self, cell: Cell, effort: Effort, seed: int) -> float:
        return fxai_rate(random_search(cell, effort.updates, trials=effort.lanes, lanes=None, seed=seed))

    def compile(self, cell: Cell, effort: Effort) -> None:
        """Compile what JAX trains, and print how long that takes."""
        if self.jax is not None:
            study = random_search(cell, effort.updates, trials=1, lanes=None, seed=0)
            seconds = {str(way): self.jax.compile_seconds(study, way) for way in effort.jax_ways}
            print("JAX compiles in", ", ".join(f"{each:.1f} s ({way})" for way, each in seconds.items()), flush=True)

    def of_jax(self, effort: Effort) -> Mapping[str, Callable[[Cell, Effort, int], float]]:
        """One function for each way of JAX, by name."""

        def rate(way: Way, cell: Cell, effort: Effort, seed: int) -> float:
            assert self.jax is not None
            study = random_search(cell, effort.updates, trials=1, lanes=None, seed=seed)
            return per_hour([(span.began, span.ended) for span in self.jax.trainings(study, way, effort.jax_each)])

        return {} if self.jax is None else {f"JAX, {way}": partial(rate, way) for way in effort.jax_ways}


@dataclass(frozen=True, slots=True)
class Row:
    """Trainings per hour of each round."""

    cell: Cell
    optuna_sb3: Sequence[float]
    one_lane: Sequence[float]
    lanes: Sequence[float]
    jax: Mapping[str, Sequence[float]]  # by way; none without this peer

    @property
    def best_of_jax(self) -> str:
        """The way of JAX with the highest median."""
        return max(self.jax, key=lambda way: statistics.median(self.jax[way]))

    @property
    def over_jax(self) -> float:
        return _median_ratio(self.lanes, self.jax[self.best_of_jax])

    @property
    def over_optuna_sb3(self) -> float:
        return _median_ratio(self.lanes, self.optuna_sb3)

    @property
    def over_one_lane(self) -> float:
        return _median_ratio(self.lanes, self.one_lane)

    def __str__(self) -> str:
        shape = f"{self.cell.width:>6}{self.cell.batch:>7}{self.cell.window:>8}"
        rates = "".join(f"{statistics.median(found):>12.0f}" for found in (self.optuna_sb3, self.one_lane, self.lanes))
        row = f"{shape}{rates}{self.over_optuna_sb3:>18.2f}{self.over_one_lane:>15.2f}"
        if not self.jax:
            return row
        return f"{row}{statistics.median(self.jax[self.best_of_jax]):>12.0f}{self.over_jax:>10.2f}  {self.best_of_jax}"


TABLE_HEAD = (
    f"{'width':>6}{'batch':>7}{'window':>8}{'optuna+sb3':>12}{'one lane':>12}{'lanes':>12}"
    f"{'over_optuna_sb3':>18}{'over_one_lane':>15}"
)
JAX_HEAD = f"{'JAX':>12}{'over_jax':>10}"


def _median_ratio(numbers: Sequence[float], over: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(numbers, over, strict=True))


def measure(ways: Ways, cell: Cell, effort: Effort) -> Row:
    """The rates of a cell, round by round, the ways in turn."""
    ways.compile(cell, effort)
    measured: dict[str, Callable[[Cell, Effort, int], float]] = {
        "optuna_sb3": ways.optuna_sb3,
        "one_lane": ways.one_lane,
        "lanes": ways.lanes,
        **ways.of_jax(effort),
    }
    rates: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(effort.rounds):
        for name in sorted(measured, reverse=bool(number % 2)):
            rates[name].append(measured[name](cell, effort, number))
    jax = {name: rates.pop(name) for name in ways.of_jax(effort)}
    return Row(cell, **rates, jax=jax)


def measure_cells(headline: Effort | None, others: Effort | None, *, with_jax: bool) -> dict[str, float]:
    """Print the table, or its first row, or the others; the headline's ratios, or the least of the others."""
    workers, cores = len(machine_slots().slots), available_cores()
    rows: dict[Cell, Row] = {}
    with OptunaProcesses(cores) as peer, JaxProcesses(cores) if with_jax else nullcontext() as jax:
        for cell, effort in [(HEADLINE, headline), *((cell, others) for cell in OTHERS)]:
            if effort is not None:
                if not rows or cell == OTHERS[0]:
                    print(f"\ntrainings per hour: {effort}; {workers} workers; {cores} processes")
                    print(TABLE_HEAD + (JAX_HEAD if with_jax else ""))
                rows[cell] = measure(Ways(peer, workers, jax), cell, effort)
                print(rows[cell], flush=True)
    least = min(row.over_one_lane for row in rows.values())
    print(f"the least over one lane: {least:.2f}")
    if HEADLINE not in rows:
        return {"least_over_one_lane": round(least, 2)}
    row = rows[HEADLINE]
    ratios = {"over_optuna_sb3": row.over_optuna_sb3, "over_one_lane": row.over_one_lane}
    if with_jax:
        ratios["over_jax"] = row.over_jax
    return {name: round(ratio, 2) for name, ratio in ratios.items()}


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
    where = f"{available_cores()} cores; FxAI on {slots[0].device}; {blas_kernels()}"
    return f"{datetime.now(UTC):%Y-%m-%d}; {where}; {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer updates and rounds; minutes on two cores")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--trials", type=int, help="of the headline in lanes; 256, on a GPU 1,024 unless given")
    parser.add_argument("--peer", choices=("jax",), help="a further peer, for the headline and the table")
    parser.add_argument("--part", choices=PARTS, action="append", help="all unless given")
    options = parse(parser, {})
    os.environ["OMP_NUM_THREADS"] = "1"  # of the peer's processes; FxAI sets its workers' own
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each worker compiles its sources anew, for seconds
    choose_device(options.device)
    parts = options.part or (SMOKE_PARTS if options.smoke else PARTS)
    with_jax = options.peer == "jax" and has_jax()
    headline, others = effort_of(options)

    print(machine())
    if options.peer == "jax":
        print(f"jax {version('jax')}, jaxlib {version('jaxlib')}" if with_jax else MISSING)
    config = TrainingConfig()
    print(f"checked: {check_environment(prepare(config.data), config.env)}", flush=True)
    outcome: dict[str, float] = {}
    if "headline" in parts or "table" in parts:
        efforts = headline if "headline" in parts else None, others if "table" in parts else None
        outcome |= measure_cells(*efforts, with_jax=with_jax)
    if "search" in parts:
        outcome |= measure_search(options)
    if "regret" in parts:
        outcome |= measure_regret(options)
    if "headline" in parts:
        names = ("over_optuna_sb3", "over_one_lane", "over_jax")
        outcome = {name: outcome[name] for name in names if name in outcome}
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
