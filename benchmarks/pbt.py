"""Results of population based training: on the toy problem of its paper compared with Ray Tune, and on a market.

**toy**: figure 2 of Jaderberg et al. 2017 (arXiv 1711.09846): maximize 1.2 - a^2 - b^2 by gradient steps on the
surrogate 1.2 - h0 a^2 - h1 b^2, from a = b = 0.9, with half of the members at h = (1, 0) and half at (0, 1); no member
can reach the maximum alone. The benchmark compares FxAI's rules for populations (`fxai.search.population`), Ray Tune's
PopulationBasedTraining, synchronous, with the same quantile, factors and probability of a new draw, and the members
without exchange. Regret is the distance of the best member's value from 1.2 at the end; the ratio is of geometric means
over seeds. Without Ray (`poetry install --with peers`) its side is left out.

**market**: `quick_search`'s space and trainings on the planted market, populations and TPE with the Median pruner. TPE
has at least as many updates of trainings as the populations: it is stopped at the end of the first trial by which it
has used them, with four trials at once so that little is cut off. The winner of each search is trained again from
seeds that no search used (a population's by its schedule) and scored on the validation split. The interval, 95 %, is of
the mean paired difference over searches.

    python benchmarks/pbt.py [--part toy] [--quick] [--seeds 5] [--ray-seeds 10] [--smoke]
"""

import argparse
import contextlib
import importlib.util
import json
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap

from fxai.protocol import ParamValue
from fxai.results.paths import StudyPaths
from fxai.search.population import Member, exploits
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import MedianPruner, NopPruner
from fxai.spec.search.samplers import RandomSampler, TPESampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import StudyEnded, StudyEvent, TrialFinished, TrialProgressed
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from smoke import parse

REPOSITORY = Path(__file__).parents[1]
MEMBERS, ROUNDS, STEPS_A_ROUND, RATE = 4, 12, 5, 0.02
HIGHEST, START = 1.2, 0.9
TOY = PopulationSearch(population=MEMBERS, ready_interval=1)
FIRST_FRESH_SEED = 10_000_019
Point = tuple[float, float]


# The toy problem


def trained(theta: Point, h: Point) -> Point:
    """A round of gradient steps on the surrogate; Ray leaves the range of a parameter, and here finds no more there."""
    a, b = theta
    for _ in range(STEPS_A_ROUND):
        a, b = a - 2 * RATE * min(h[0], 1.0) * a, b - 2 * RATE * min(h[1], 1.0) * b
    return a, b


def value(theta: Point) -> float:
    return HIGHEST - theta[0] ** 2 - theta[1] ** 2


def first(member: int) -> Point:
    return (1.0, 0.0) if member % 2 == 0 else (0.0, 1.0)


def alone(_seed: int) -> float:
    """The regret of the members without a population."""
    found = []
    for member in range(MEMBERS):
        theta = (START, START)
        for _ in range(ROUNDS):
            theta = trained(theta, first(member))
        found.append(HIGHEST - value(theta))
    return min(found)


def by_fxai(seed: int) -> float:
    """The regret of a population by FxAI's rules."""
    study = StudySpec(
        study_name="toy",
        objective="toy:train",
        parameters=tuple(FloatParameter(name=f"env.h{place}", low=0.0, high=1.0) for place in range(2)),
        search=TOY,
        seed=seed,
        training_config=CustomConfig({"env": {}}),
    )
    thetas = dict.fromkeys(range(MEMBERS), (START, START))
    params = {member: _named(first(member)) for member in thetas}
    for step in range(1, ROUNDS + 1):
        thetas = {n: trained(theta, _point(params[n])) for n, theta in thetas.items()}
        if step == ROUNDS:
            break
        members = [Member(number, value(theta), params[number]) for number, theta in thetas.items()]
        changes = exploits(study, TOY, members, step)
        thetas = {n: thetas[changes[n].donor] if n in changes else theta for n, theta in thetas.items()}
        params = {n: changes[n].params if n in changes else each for n, each in params.items()}
    return min(HIGHEST - value(theta) for theta in thetas.values())


def _named(h: Point) -> Mapping[str, ParamValue]:
    return {"env.h0": h[0], "env.h1": h[1]}


def _point(params: Mapping[str, ParamValue]) -> Point:
    h0, h1 = params["env.h0"], params["env.h1"]
    assert isinstance(h0, float)
    assert isinstance(h1, float)
    return h0, h1


def by_ray(seed: int) -> float:
    """The regret of a population of Ray Tune's."""
    from ray import tune  # noqa: PLC0415  # an optional peer
    from ray.tune.schedulers import PopulationBasedTraining  # noqa: PLC0415

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # what Ray draws from
    scheduler = PopulationBasedTraining(
        time_attr="training_iteration",
        perturbation_interval=1,
        quantile_fraction=TOY.quantile,
        resample_probability=TOY.resample_probability,
        perturbation_factors=TOY.perturbation,
        hyperparam_mutations={"h0": tune.uniform(0, 1), "h1": tune.uniform(0, 1)},
        synch=True,
    )
    space = {
        "member": tune.grid_search(list(range(MEMBERS))),
        "h0": tune.sample_from(lambda config: first(config["member"])[0]),
        "h1": tune.sample_from(lambda config: first(config["member"])[1]),
    }
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            _ray_member,
            param_space=space,
            tune_config=tune.TuneConfig(scheduler=scheduler, metric="value", mode="max", reuse_actors=True),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        return HIGHEST - max(float(result.metrics["value"]) for result in tuner.fit())


def _ray_member(config: Mapping[str, float]) -> None:
    from ray import tune  # noqa: PLC0415

    done, theta = 0, (START, START)
    if (checkpoint := tune.get_checkpoint()) is not None:
        with checkpoint.as_directory() as folder:
            done, theta = json.loads((Path(folder) / "state.json").read_text())
    while done < ROUNDS:
        done, theta = done + 1, trained(theta, (config["h0"], config["h1"]))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state.json").write_text(json.dumps((done, theta)))
            tune.report({"value": value(theta)}, checkpoint=tune.Checkpoint.from_directory(folder))


def ray_regrets(seeds: int) -> Sequence[float]:
    """Of as many populations of Ray's; of none where Ray is not there."""
    if importlib.util.find_spec("ray") is None:
        print("Ray is not installed (poetry install --with peers): its side is left out")
        return ()
    import ray  # noqa: PLC0415

    ray.init("local", num_cpus=MEMBERS, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        found = [by_ray(seed) for seed in range(seeds)]
    ray.shutdown()
    return found


def toy(seeds: int, ray_seeds: int) -> dict[str, object]:
    sides: dict[str, Callable[[int], float]] = {"members alone": alone, "FxAI": by_fxai}
    regrets = {name: [side(seed) for seed in range(seeds)] for name, side in sides.items()}
    if found := ray_regrets(ray_seeds):
        regrets["Ray Tune"] = list(found)
    print(f"\n{'toy: regret':16} {'seeds':>6} {'geometric mean':>15} {'worst':>8}")
    for name, each in regrets.items():
        print(f"{name:16} {len(each):6} {geometric(each):15.4f} {max(each):8.4f}")
    over_alone = geometric(regrets["FxAI"]) / geometric(regrets["members alone"])
    if not found:
        return {"regret_over_members_alone": over_alone, "regret_over_ray": None}
    over_ray = geometric(regrets["FxAI"]) / geometric(regrets["Ray Tune"])
    low, high = ratio_interval(regrets["FxAI"], regrets["Ray Tune"])
    print(f"FxAI over Ray Tune: {over_ray:.2f}, 95 % interval [{low:.2f}, {high:.2f}]")
    return {"regret_over_members_alone": over_alone, "regret_over_ray": over_ray, "interval": [low, high]}


def ratio_interval(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Of the ratio of geometric means, by drawing the seeds of both sides again."""
    chance = np.random.default_rng(0)
    logs = [np.log(np.maximum(each, 1e-12)) for each in (one, other)]
    means = [chance.choice(each, (10_000, len(each))).mean(axis=1) for each in logs]
    low, high = np.exp(np.quantile(means[0] - means[1], (0.025, 0.975)))
    return float(low), float(high)


def geometric(regrets: Iterable[float]) -> float:
    return float(np.exp(np.mean(np.log([max(regret, 1e-12) for regret in regrets]))))


# The market


@dataclass
class Meter:
    """Watches a study, counts the updates of its trainings, and stops it once they are used up."""

    stop: StopSignal
    budget: float
    steps: dict[int, int] = field(default_factory=dict)  # of each trial, the furthest

    @property
    def used(self) -> int:
        return sum(self.steps.values())

    def __call__(self, events: Iterable[StudyEvent]) -> StudyEnded:
        for event in events:
            match event:
                case TrialProgressed(report):
                    self.steps[report.number] = max(report.step, self.steps.get(report.number, 0))
                case TrialFinished() if self.used >= self.budget and not self.stop.urgency:
                    self.stop.request()
                case StudyEnded():
                    return event
                case _:
                    pass
        raise RuntimeError("the events of the study ended without StudyEnded")


@dataclass(frozen=True, slots=True)
class MarketEffort:
    """How much is searched on the market."""

    searches: int
    populations: int  # of each search, which says how many updates both sides take
    fresh: int  # seeds from which each winner is trained again
    members: PopulationSearch
    settings: Mapping[str, str]  # of each training

    @property
    def trials(self) -> int:
        return self.populations * self.members.population


MARKET = PopulationSearch(population=8, ready_interval=10)
SMOKE_MARKET = PopulationSearch(population=4, ready_interval=1)
SMOKE_SETTINGS = {"training.total_updates": "2", "training.eval_frequency": "1", "training.rollout_steps": "32"}


def sides(seed: int, effort: MarketEffort) -> Iterator[StudySpec]:
    """The populations first: they say how many updates both take."""
    spec = override(load_spec(find_spec("quick_search")), {**effort.settings, "data.source": "planted_1h"})
    (quick,) = spec.studies
    same = {"seed": seed, "enqueue": (), "confirm": "off", "verdict": "off"}
    members = {"search": effort.members, "sampler": RandomSampler(), "pruner": NopPruner()}
    yield quick.model_copy(update={**same, **members, "study_name": "pbt", "n_trials": effort.trials})
    others = {"sampler": TPESampler(), "pruner": MedianPruner(n_warmup_steps=15), "max_concurrent_trials": 4}
    yield quick.model_copy(update={**same, **others, "study_name": "tpe", "n_trials": 50 * effort.populations})


def winners(seed: int, effort: MarketEffort, folder: Path) -> dict[str, Path]:
    """The best configs that the two searches leave."""
    found, budget = {}, float("inf")
    for study in sides(seed, effort):
        stop = StopSignal()
        meter = Meter(stop, budget)
        own = study.model_copy(update={"storage": f"sqlite:///{folder / study.study_name}.db"})
        search_study(own, folder, meter, stop, plots=False)
        print(f"search {seed}: {study.study_name} used {meter.used} updates in {len(meter.steps)} trials", flush=True)
        budget = min(budget, meter.used)
        found[study.study_name] = StudyPaths(folder, study.study_name).best_config
    return found


def score(config: Path, seed: int, folder: Path) -> float:
    """Score of the winner trained from another seed."""
    command = [sys.executable, str(REPOSITORY / "optuna_optimization.py"), "train", str(config)]
    command += ["--seed", str(seed), "--output", str(folder / f"{config.stem}-{seed}")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.findall(r"^mean_reward: (\S+)", said, re.MULTILINE)[-1])


def market(effort: MarketEffort) -> dict[str, object]:
    means: dict[str, list[float]] = {"pbt": [], "tpe": []}
    seeds = [FIRST_FRESH_SEED + place for place in range(effort.fresh)]
    for seed in range(effort.searches):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for side, config in winners(seed, effort, folder).items():
                means[side].append(float(np.mean([score(config, fresh, folder) for fresh in seeds])))
        print(
            f"search {seed}: winners on fresh seeds: pbt {means['pbt'][-1]:.5f}, tpe {means['tpe'][-1]:.5f}", flush=True
        )
    difference = np.array(means["pbt"]) - np.array(means["tpe"])
    print(f"\nplanted market: pbt {np.mean(means['pbt']):.5f}, tpe {np.mean(means['tpe']):.5f}, ", end="")
    interval = None
    if effort.searches > 1:
        found = bootstrap((difference,), np.mean, rng=np.random.default_rng(0)).confidence_interval
        interval = [float(found.low), float(found.high)]
        print(f"difference {difference.mean():.5f}, 95 % interval [{interval[0]:.5f}, {interval[1]:.5f}]")
    else:
        print(f"difference {difference.mean():.5f}")
    ratio = float(np.mean(means["pbt"]) / np.mean(means["tpe"]))
    return {"score_over_tpe": ratio, "difference": float(difference.mean()), "interval": interval}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("toy", "market"), help="both unless given")
    parser.add_argument("--seeds", type=int, default=5, help="searches of the market on each side")
    parser.add_argument("--toy-seeds", type=int, default=200)
    parser.add_argument("--ray-seeds", type=int, default=10, help="each takes Ray a minute or so")
    parser.add_argument("--fresh", type=int, default=4, help="seeds from which each winner is trained again")
    parser.add_argument("--quick", action="store_true", help="one population and two searches")
    arguments = parse(parser, {"seeds": 1, "toy_seeds": 2, "ray_seeds": 1, "fresh": 1})
    populations, searches = (1, min(arguments.seeds, 2)) if arguments.quick or arguments.smoke else (2, arguments.seeds)
    members, settings = (SMOKE_MARKET, SMOKE_SETTINGS) if arguments.smoke else (MARKET, {})
    effort = MarketEffort(searches, populations, arguments.fresh, members, settings)
    headline: dict[str, object] = {}
    if arguments.part != "market":
        headline["toy"] = toy(arguments.toy_seeds, arguments.ray_seeds)
    if arguments.part != "toy":
        headline["market"] = {**market(effort), "searches": searches}
    print(json.dumps(headline))


if __name__ == "__main__":
    main()
