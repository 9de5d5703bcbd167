"""Whether the configurations around a search's winner share its value, on equal fresh seeds and validation bars.

A difference of two configurations on the same bars has the error of the seeds alone. Each training of a neighbour is
compared with the winner's training on the same seed. The mean of these differences over seeds is tested against 0 by a
one-sided t test, so the noise of single trainings is not taken for a peak. The winner's seeds here did not choose it.

The winner is called a peak only if the test rejects at 5 % and most neighbours are worse by more than the winner's
standard error. Simulated 20,000 times with 8 neighbours and 8 seeds of normal noise, it is called a peak in 4.5 % of
the cases on a flat plateau, in 55 % if all neighbours are worse by one standard deviation of the seeds, and in 97 % by
two. With a market error of one standard deviation of the seeds the rates are 1.1, 32 and 91 %. With two seeds or four
neighbours the first rate is 3.6 to 4.1 %. `tests/evaluation/test_compare_neighbours.py` repeats this with fewer cases.

The slopes are simple regressions: the effects of the other parameters are part of a slope's error, and the t tests of
all slopes share the level of 5 %. On a flat plateau a slope is clear in 5.0 % of the cases.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fxai.evaluation.neighbour_draw import Neighbour
from fxai.evaluation.neighbourhood import Neighbourhood, NeighbourScore, Slope
from fxai.evaluation.student_t import t_probability, t_quantile
from fxai.market.bars import FloatArray
from fxai.spec.search.parameters import Choice, is_number

LEVEL = 0.05
"""Of the test of a peak, and of the test of all slopes together."""

FEWEST_SEEDS = 2  # with differences; below, the mean difference has no error
FEWEST_POINTS = 4  # trainings of a slope with an error; two of them determine the line
_ROUNDING = 1e-12  # relative spread of equal differences


def neighbourhood(
    neighbours: Sequence[Neighbour],
    values: Sequence[Mapping[int, float]],
    winner: Mapping[str, Choice],
    winner_values: Mapping[int, float],
    standard_error: float | None,
    *,
    metric: str,
    maximize: bool,
) -> Neighbourhood:
    """Compare the neighbours with the winner.

    Args:
        neighbours: The configurations.
        values: The value of each neighbour by seed; NaN for a training that failed.
        winner: The winner's parameters.
        winner_values: The winner's value by seed, finite, on all seeds of the neighbours.
        standard_error: Of the mean of the winner's values: seeds and stretch of market; None if it is unknown.
        metric: Name of the values.
        maximize: Whether a greater value is better.
    """
    sign = 1.0 if maximize else -1.0
    known = [{seed: value for seed, value in each.items() if math.isfinite(value)} for each in values]
    value = float(np.mean(list(winner_values.values())))
    lowest = None if standard_error is None else sign * value - standard_error
    scores = tuple(
        _score(neighbour, of_seed, sign, lowest) for neighbour, of_seed in zip(neighbours, known, strict=True)
    )
    points = [
        (neighbour.moves, seed, each - winner_values[seed])
        for neighbour, of_seed in zip(neighbours, known, strict=True)
        for seed, each in of_seed.items()
    ]
    difference, error = _mean_over_seeds([(seed, each) for _, seed, each in points])
    return Neighbourhood(
        metric=metric,
        maximize=maximize,
        value=value,
        standard_error=standard_error,
        seeds=len(winner_values),
        neighbours=scores,
        difference=difference,
        difference_error=error,
        is_peak=_is_peak(scores, difference, error, sign, len({seed for _, seed, _ in points})),
        slopes=_slopes(neighbours[0].moves, [(moves, each) for moves, _, each in points], winner),
    )


def _score(neighbour: Neighbour, values: Mapping[int, float], sign: float, lowest: float | None) -> NeighbourScore:
    value = float(np.mean(list(values.values()))) if values else None
    params = {name: each for name in neighbour.moves if is_number(each := neighbour.params[name])}
    is_within = None if value is None or lowest is None else sign * value >= lowest
    return NeighbourScore(params, tuple(values), value, is_within)


def _mean_over_seeds(differences: Sequence[tuple[int, float]]) -> tuple[float | None, float | None]:
    """The mean over seeds of the mean difference on each seed, with its standard error.

    Differences on one seed share the winner's training, so they are one observation.
    """
    seeds = sorted({seed for seed, _ in differences})
    if not seeds:
        return None, None
    means = np.array([np.mean([each for of, each in differences if of == seed]) for seed in seeds])
    error = None if len(seeds) < FEWEST_SEEDS else float(means.std(ddof=1)) / math.sqrt(len(seeds))
    return float(means.mean()), error


def _is_peak(
    scores: Sequence[NeighbourScore], difference: float | None, error: float | None, sign: float, seeds: int
) -> bool | None:
    judged = [each.is_within for each in scores if each.is_within is not None]
    if difference is None or error is None or not judged:
        return None
    is_lower = sign * difference + t_quantile(seeds - 1, 1 - LEVEL) * error < 0
    return is_lower and sum(judged) < len(judged) / 2


def _slopes(
    names: Mapping[str, float], points: Sequence[tuple[Mapping[str, float], float]], winner: Mapping[str, Choice]
) -> tuple[Slope, ...]:
    """The slope of each parameter by itself; the effects of the other parameters are part of its error."""
    differences = np.array([difference for _, difference in points])
    found = []
    for name, value in ((name, value) for name in names if is_number(value := winner[name])):
        moves = np.array([moves[name] for moves, _ in points])
        change, error = _line(moves, differences)
        is_clear = (
            change is not None and error is not None and _p_value(change, error, len(points)) < LEVEL / len(names)
        )
        found.append(Slope(name, value, change, error, is_clear))
    return tuple(found)


def _line(moves: FloatArray, differences: FloatArray) -> tuple[float | None, float | None]:
    """Slope of the least-squares line with its standard error."""
    if len(moves) < FEWEST_SEEDS or np.ptp(moves) == 0:
        return None, None
    centred = moves - moves.mean()
    squares = float((centred**2).sum())
    if np.ptp(differences) <= _ROUNDING * float(np.abs(differences).max()):
        return 0.0, 0.0 if len(moves) >= FEWEST_POINTS else None
    change = float((centred * differences).sum()) / squares
    if len(moves) < FEWEST_POINTS:
        return change, None
    residuals = differences - differences.mean() - change * centred
    return change, math.sqrt(float((residuals**2).sum()) / (len(moves) - 2) / squares)


def _p_value(change: float, error: float, points: int) -> float:
    """Of the two-sided t test that the change is 0."""
    if error == 0:
        return 1.0 if change == 0 else 0.0
    return 2 * t_probability(points - 2, -abs(change) / error)
