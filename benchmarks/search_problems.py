"""The problems that the searches of `search_quality.py` minimize: four functions with known minima and a table.

The table contains real but small trainings: a NumPy network with one hidden layer that separates two classes of random
points, trained once for each of up to 864 configurations, with its validation loss after each epoch.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.protocol import ParamValue
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter

Params = Mapping[str, ParamValue]
EPOCHS = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """A function to minimise: its space, the first point of a search, the values of a point after each step."""

    name: str
    parameters: tuple[Parameter, ...]
    start: Params
    curve: Callable[[Params], Sequence[float]]  # the last is the value
    minimum: float
    least_regret: float = 1e-12  # since a minimum is known to so many digits, and a table can be solved exactly

    def regret(self, best: float) -> float:
        return max(best - self.minimum, self.least_regret)


def reals(count: int, low: float, high: float) -> tuple[Parameter, ...]:
    return tuple(FloatParameter(name=f"x{i}", low=low, high=high) for i in range(count))


def vector(params: Params) -> NDArray[np.float64]:
    return np.array([float(params[name]) for name in sorted(params)])  # type: ignore[arg-type]


def branin(params: Params) -> Sequence[float]:
    x, y = vector(params)
    bowl = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    return (float(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10),)


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
    real = {name: float(value) for name, value in params.items() if name != "choice"}  # type: ignore[arg-type]
    choice = "abcd".index(str(params["choice"]))
    x = np.array([math.log10(real["rate"]) + 2.5, real["whole"], choice, real["x0"], real["x1"]])
    near = -20 * math.exp(-0.2 * math.sqrt((x**2).mean()))
    return (float(near - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e),)


def functions() -> Iterator[Problem]:
    plane = (FloatParameter(name="x", low=-5, high=10), FloatParameter(name="y", low=0, high=15))
    yield Problem("Branin", plane, {"x": 2.5, "y": 7.5}, branin, 0.39788736)
    cube = reals(6, 0, 1)
    yield Problem("Hartmann 6", cube, {each.name: 0.5 for each in cube}, hartmann, -3.32236801)
    wide = reals(5, -2, 2)
    yield Problem("Rosenbrock 5", wide, {each.name: -1.0 for each in wide}, rosenbrock, 0.0)
    mixed: tuple[Parameter, ...] = (
        FloatParameter(name="rate", low=1e-5, high=1, log=True),
        IntParameter(name="whole", low=-5, high=5),
        CategoricalParameter(name="choice", choices=("d", "b", "a", "c")),
        *reals(2, -5, 5),
    )
    start: Params = {"rate": 1e-4, "whole": 4, "choice": "d", "x0": 3.0, "x1": -3.0}
    yield Problem("Ackley 5, mixed", mixed, start, mixed_ackley, 0.0)


RATES = tuple(float(rate) for rate in np.geomspace(1e-3, 3, 9))
WIDTHS = (2, 4, 8, 16)
DECAYS = (0.0, 1e-4, 1e-3, 1e-2)
MOMENTA = (0.0, 0.5, 0.9)
BATCHES = (8, 32)


@dataclass(frozen=True, slots=True)
class Table:
    """The learning curve of every training that there is."""

    curves: Mapping[tuple[float, ...], Sequence[float]]

    def __call__(self, params: Params) -> Sequence[float]:
        at = {name: int(value) for name, value in params.items()}  # type: ignore[arg-type]
        whole = RATES[at["rate"]], WIDTHS[at["width"]], DECAYS[at["decay"]], MOMENTA[at["momentum"]]
        return self.curves[*whole, at["batch"]]


def table(rates: int) -> Problem:
    """All trainings with the first so many learning rates, trained once."""
    points = itertools.product(RATES[:rates], WIDTHS, DECAYS, MOMENTA, BATCHES)
    curves = Table({point: training(*point) for point in points})
    parameters: tuple[Parameter, ...] = (
        IntParameter(name="rate", low=0, high=rates - 1),
        IntParameter(name="width", low=0, high=len(WIDTHS) - 1),
        IntParameter(name="decay", low=0, high=len(DECAYS) - 1),
        IntParameter(name="momentum", low=0, high=len(MOMENTA) - 1),
        CategoricalParameter(name="batch", choices=BATCHES),
    )
    start: Params = {"rate": 1, "width": 0, "decay": 3, "momentum": 0, "batch": 32}
    best, second = sorted(each[-1] for each in curves.curves.values())[:2]
    return Problem(f"{len(curves.curves)} trainings", parameters, start, curves, best, (second - best) / 2)


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
