"""Does FxAI's search find as much as plain Optuna's? Regret after as many trials, with the same sampler.

FxAI asks through a storage of its own, gives every trial a sampler with a fresh seed and decides reports
itself; nothing of that may cost what TPE finds. Both search four functions with known minima, of real, whole,
logarithmic and categorical parameters, and a table of real trainings: a small network of numpy, trained once
for each of 864 configurations on data that are drawn here, with its validation loss after each epoch, so that
the Median pruner takes part.

Each search is run one trial after the other, as `study.optimize` does, and with as many trials in flight as
FxAI allows (12 of 50), told in a random order, where Optuna's peer is its own ask and tell. Regret is how far
the best value found lies above the minimum, but at least a ten-thousandth of what the start has, since a table
can be solved exactly. A ratio is of geometric means over seeds; its interval, 95 %, resamples the seeds of both.

    python benchmarks/search_quality.py [--seeds 24] [--trials 50]
"""

import argparse
import itertools
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.exceptions import ExperimentalWarning

from fxai.search.open_search import open_search
from fxai.search.space import suggest
from fxai.search.study import Asked, Search
from fxai.spec.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from fxai.spec.pruners import MedianPruner
from fxai.spec.samplers import TPESampler
from fxai.spec.study import StudySpec
from fxai.trial import ParamValue, Report, TrialResult, TrialState

Params = Mapping[str, ParamValue]
T = TypeVar("T")
STARTUP = 10
EPOCHS = 8
FLOOR = 1e-4  # of the start's regret


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to minimise: its space, where a search starts, what a point comes to after each step."""

    name: str
    parameters: tuple[Parameter, ...]
    start: Params
    curve: Callable[[Params], Sequence[float]]  # the last is the value
    minimum: float

    def regret(self, best: float) -> float:
        start = self.curve(self.start)[-1] - self.minimum
        return max(best - self.minimum, FLOOR * start)


def reals(count: int, low: float, high: float) -> tuple[Parameter, ...]:
    return tuple(FloatParameter(name=f"x{i}", low=low, high=high) for i in range(count))


def vector(params: Params) -> NDArray[np.float64]:
    return np.array([float(value) for value in params.values()])  # type: ignore[arg-type]


def branin(params: Params) -> Sequence[float]:
    x, y = vector(params)
    bowl = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    return (bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10,)


_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(params: Params) -> Sequence[float]:
    inner = (_A * (vector(params) - _P) ** 2).sum(1)
    return (-float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-inner)),)


def rosenbrock(params: Params) -> Sequence[float]:
    x = vector(params)
    return (float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()),)


def mixed_ackley(params: Params) -> Sequence[float]:
    """Ackley's function of a logarithm, a whole number, a choice and two reals, with its minimum within."""
    rate, whole, choice, *rest = params.values()
    x = np.array([math.log10(float(rate)) + 2.5, float(whole), "abcd".index(str(choice)), *map(float, rest)])  # type: ignore[arg-type]
    near = -20 * math.exp(-0.2 * math.sqrt((x**2).mean()))
    return (float(near - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e),)


def functions() -> Iterator[Problem]:
    plane = (FloatParameter(name="x", low=-5, high=10), FloatParameter(name="y", low=0, high=15))
    yield Problem("Branin", plane, {"x": 2.5, "y": 7.5}, branin, 0.397887)
    cube = reals(6, 0, 1)
    yield Problem("Hartmann 6", cube, {each.name: 0.5 for each in cube}, hartmann, -3.32237)
    wide = reals(5, -2, 2)
    yield Problem("Rosenbrock 5", wide, {each.name: -1.0 for each in wide}, rosenbrock, 0.0)
    mixed: tuple[Parameter, ...] = (
        FloatParameter(name="rate", low=1e-5, high=1, log=True),
        IntParameter(name="whole", low=-5, high=5),
        CategoricalParameter(name="choice", choices=("d", "b", "a", "c")),
        *reals(2, -5, 5),
    )
    start = {"rate": 1e-4, "whole": 4, "choice": "d", "x0": 3.0, "x1": -3.0}
    yield Problem("Ackley 5, mixed", mixed, start, mixed_ackley, 0.0)


RATES = tuple(float(rate) for rate in np.geomspace(1e-3, 3, 9))
WIDTHS = (2, 4, 8, 16)
DECAYS = (0.0, 1e-4, 1e-3, 1e-2)
MOMENTA = (0.0, 0.5, 0.9)
BATCHES = (8, 32)


def table() -> Problem:
    """Every training that there is, trained once."""
    grid = {point: training(*point) for point in itertools.product(RATES, WIDTHS, DECAYS, MOMENTA, BATCHES)}
    parameters: tuple[Parameter, ...] = (
        IntParameter(name="rate", low=0, high=len(RATES) - 1),
        IntParameter(name="width", low=0, high=len(WIDTHS) - 1),
        IntParameter(name="decay", low=0, high=len(DECAYS) - 1),
        IntParameter(name="momentum", low=0, high=len(MOMENTA) - 1),
        CategoricalParameter(name="batch", choices=BATCHES),
    )

    def curve(params: Params) -> Sequence[float]:
        rate, width, decay, momentum, batch = (int(value) for value in params.values())  # type: ignore[arg-type]
        return grid[RATES[rate], WIDTHS[width], DECAYS[decay], MOMENTA[momentum], batch]

    start = {"rate": 1, "width": 0, "decay": 3, "momentum": 0, "batch": 32}
    return Problem("864 trainings", parameters, start, curve, min(each[-1] for each in grid.values()))


def training(rate: float, width: int, decay: float, momentum: float, batch: int) -> Sequence[float]:
    """Validation log loss after each epoch of a network with one hidden layer, on 256 drawn points."""
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(512, 6))
    labels = (np.sin(2 * inputs[:, 0]) + inputs[:, 1] * inputs[:, 2] + 0.5 * chance.normal(size=512) > 0).astype(float)
    weights = [
        chance.normal(size=(6, width)) / 2.4,
        np.zeros(width),
        chance.normal(size=width) / width**0.5,
        np.zeros(1),
    ]
    speeds = [np.zeros_like(each) for each in weights]
    losses = []
    for _ in range(EPOCHS):
        for rows in np.split(chance.permutation(256), 256 // batch):
            _step(weights, speeds, inputs[rows], labels[rows], (rate, decay, momentum))
        hidden = np.tanh(inputs[256:] @ weights[0] + weights[1])
        logit = np.clip(hidden @ weights[2] + weights[3], -30, 30)
        losses.append(float(np.mean(np.logaddexp(0, logit) - labels[256:] * logit)))
    return losses


def _step(
    weights: list[NDArray[np.float64]],
    speeds: list[NDArray[np.float64]],
    inputs: NDArray[np.float64],
    labels: NDArray[np.float64],
    how: tuple[float, float, float],
) -> None:
    rate, decay, momentum = how
    hidden = np.tanh(inputs @ weights[0] + weights[1])
    logit = np.clip(hidden @ weights[2] + weights[3], -30, 30)
    error = (1 / (1 + np.exp(-logit)) - labels) / len(labels)
    back = np.outer(error, weights[2]) * (1 - hidden**2)
    gradients = (inputs.T @ back, back.sum(0), hidden.T @ error, error.sum(keepdims=True))
    for weight, speed, gradient in zip(weights, speeds, gradients, strict=True):
        np.copyto(speed, momentum * speed - rate * (gradient + decay * weight))
        np.copyto(weight, weight + speed)


def fxai(problem: Problem, trials: int, seed: int, in_flight: int) -> float:
    """The best value that FxAI's search finds."""
    spec = StudySpec(
        study_name="quality",
        direction="minimize",
        parameters=problem.parameters,
        sampler=TPESampler(n_startup_trials=STARTUP),
        pruner=MedianPruner(n_startup_trials=5, n_warmup_steps=1),
        n_trials=trials,
        seed=seed,
    )
    with open_search(spec, "sqlite:///:memory:", fingerprint={}, default_params=problem.start) as search:
        ends = [_end_in_fxai(search, problem, each) for each in _flight(trials, in_flight, seed, search.ask)]
        return min(value for value in ends if value is not None)


def _end_in_fxai(search: Search, problem: Problem, asked: Asked) -> float | None:
    curve = problem.curve(asked.params)
    for step, value in enumerate(curve[:-1], start=1):
        search.report(Report(asked.number, step, value))
        if search.should_prune(asked.number):
            search.tell(TrialResult(asked.number, TrialState.PRUNED, 0.0))
            return None
    search.tell(TrialResult(asked.number, TrialState.COMPLETE, 0.0, value=curve[-1]))
    return curve[-1]


def plain_optuna(problem: Problem, trials: int, seed: int, in_flight: int) -> float:
    """The best value that plain Optuna finds: by `optimize`, or with trials in flight by ask and tell."""
    sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, multivariate=True, constant_liar=True, seed=seed)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1)
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    study.enqueue_trial(dict(problem.start))

    def objective(trial: optuna.Trial) -> float:
        return _end_in_optuna(trial, problem, suggest(trial, problem.parameters, {}))

    if in_flight == 1:
        study.optimize(objective, n_trials=trials)
        return study.best_value

    def ask() -> tuple[optuna.Trial, Params]:
        trial = study.ask()
        return trial, suggest(trial, problem.parameters, {})

    for trial, params in _flight(trials, in_flight, seed, ask):
        try:
            study.tell(trial, _end_in_optuna(trial, problem, params))
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    return study.best_value


def _end_in_optuna(trial: optuna.Trial, problem: Problem, params: Params) -> float:
    curve = problem.curve(params)
    for step, value in enumerate(curve[:-1], start=1):
        trial.report(value, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return curve[-1]


def _flight(trials: int, in_flight: int, seed: int, ask: Callable[[], T | None]) -> Iterator[T]:
    """Trials in the order in which they end: a random one of those in flight, which are as many as may be."""
    order, flying, asked = np.random.default_rng(seed), list[T](), 0
    while asked < trials or flying:
        while asked < trials and len(flying) < in_flight:
            trial = ask()
            if trial is None:
                raise RuntimeError("the space came to an end")
            flying.append(trial)
            asked += 1
        yield flying.pop(int(order.integers(len(flying))))


def ratio(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[float, float, float]:
    """Of geometric means of [problem, seed], and its interval."""
    logs = np.log(ours), np.log(theirs)
    chance, seeds = np.random.default_rng(0), ours.shape[1]
    drawn = [
        np.exp((logs[0][:, one].mean(1) - logs[1][:, other].mean(1)).mean())
        for one, other in chance.integers(seeds, size=(4000, 2, seeds))
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.exp((logs[0].mean(1) - logs[1].mean(1)).mean())), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--trials", type=int, default=50)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)
    problems = [*functions(), table()]
    limit = StudySpec(study_name="x", parameters=problems[0].parameters, n_trials=options.trials).most_in_flight
    outcome: dict[str, float] = {}
    for name, in_flight in (("regret_over_optuna", 1), ("regret_over_optuna_in_flight", limit)):
        print(f"\n{options.trials} trials, {in_flight} in flight, {options.seeds} seeds: geometric mean of the regret")
        print(f"{'problem':<18}{'FxAI':>12}{'Optuna':>12}{'ratio':>9}")
        found = np.empty((2, len(problems), options.seeds))
        for row, problem in enumerate(problems):
            for side, search in enumerate((fxai, plain_optuna)):
                bests = [search(problem, options.trials, seed, in_flight) for seed in range(options.seeds)]
                found[side, row] = [problem.regret(best) for best in bests]
            ours, theirs = np.exp(np.log(found[:, row]).mean(1))
            print(f"{problem.name:<18}{ours:>12.4g}{theirs:>12.4g}{ours / theirs:>9.2f}", flush=True)
        middle, low, high = ratio(*found)
        print(f"all: {middle:.3f}, 95 % interval [{low:.3f}, {high:.3f}]", flush=True)
        outcome |= {name: round(middle, 3), f"{name}_low": round(low, 3), f"{name}_high": round(high, 3)}
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
